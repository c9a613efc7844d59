package digest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestWhatIsPrintedIsReadBack(t *testing.T) {
	d := Of([]byte("jail"))
	got, err := Parse(d.String())
	if err != nil || got != d {
		t.Errorf("%v is read as %v (%v)", d, got, err)
	}
	for _, d := range []Digest{d, {}} {
		var got Digest
		b, err := json.Marshal(d)
		if err == nil {
			err = json.Unmarshal(b, &got)
		}
		if err != nil || got != d {
			t.Errorf("%s is read as %v (%v)", b, got, err)
		}
	}
}

func TestOnlyTheOneFormIsTaken(t *testing.T) {
	digits := Of(nil).Hex()
	for text, want := range map[string]error{
		"":                                   ErrAlgorithm,
		digits:                               ErrAlgorithm,
		"sha512:" + digits:                   ErrAlgorithm,
		"SHA256:" + digits:                   ErrAlgorithm,
		"sha256:":                            ErrSyntax,
		"sha256:" + digits[1:]:               ErrSyntax,
		"sha256:" + digits + "0":             ErrSyntax,
		"sha256:" + strings.ToUpper(digits):  ErrSyntax,
		"sha256:../" + digits[3:]:            ErrSyntax,
		"sha256:" + digits[1:] + "\x00":      ErrSyntax,
		"sha256:" + digits[:62] + "\xc3\xa9": ErrSyntax,
	} {
		if _, err := Parse(text); !errors.Is(err, want) {
			t.Errorf("%q gives %v", text, err)
		}
	}
}
