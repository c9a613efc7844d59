package size

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestSuffixesArePowersOf1024(t *testing.T) {
	for text, want := range map[string]Bytes{
		"0": 0, "1": 1, "1000": 1000, "64B": 64, "007": 7, "0T": 0,
		"1K": KiB, "1KiB": KiB, "64M": 64 * MiB, "64MiB": 64 * MiB,
		"3G": 3 * GiB, "3GiB": 3 * GiB, "2T": 2 * TiB, "2TiB": 2 * TiB,
		"9223372036854775807": math.MaxInt64, "8388607T": 8388607 * TiB,
	} {
		if got, err := Parse(text); got != want || err != nil {
			t.Errorf("Parse(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestWhatIsNoAmountIsATypedError(t *testing.T) {
	for text, want := range map[string]Fault{
		"": ErrEmpty, "-1": ErrNegative, "-64M": ErrNegative,
		"9223372036854775808": ErrOverflow, "8388608T": ErrOverflow, "99999999999999999999K": ErrOverflow,
		"64MB": ErrAmbiguous, "64kB": ErrAmbiguous, "1gb": ErrAmbiguous, "1Tb": ErrAmbiguous,
		"M": ErrSyntax, "64m": ErrSyntax, "64Mi": ErrSyntax, "64mib": ErrSyntax, "1.5G": ErrSyntax, "64 M": ErrSyntax,
		" 64": ErrSyntax, "64M ": ErrSyntax, "+64": ErrSyntax, "0x10": ErrSyntax, "1_000": ErrSyntax, "1E": ErrSyntax,
		"64MM": ErrSyntax, "٣": ErrSyntax, "6\x00": ErrSyntax, "unlimited": ErrSyntax, "64MBx": ErrSyntax,
	} {
		got, err := Parse(text)
		var typed *Error
		if !errors.As(err, &typed) || !errors.Is(err, want) || got != 0 || typed.Hint == "" {
			t.Errorf("Parse(%q) = %d, %v; want fault %q and a hint", text, got, err, want)
		}
	}
}

func TestAnAmbiguousAmountNamesBothReadings(t *testing.T) {
	for text, want := range map[string]string{
		"64MB": "64MB is ambiguous: write 64M or 64MiB (64 × 2^20) or 64000000 bytes",
		"64kB": "64kB is ambiguous: write 64K or 64KiB (64 × 2^10) or 64000 bytes",
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("Parse(%q):\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestAnErrorIsOneShortLine(t *testing.T) {
	_, err := Parse("a\n" + strings.Repeat("x", 1<<16))
	if text := err.Error(); len(text) > 200 || strings.ContainsRune(text, '\n') {
		t.Errorf("%d bytes: %.100q", len(text), text)
	}
}

func TestStringIsTheShortestExactForm(t *testing.T) {
	for amount, want := range map[Bytes]string{
		0: "0", 1: "1", 1000: "1000", 1023: "1023", KiB: "1K", 1536: "1536", 1536 * KiB: "1536K",
		64 * MiB: "64M", GiB: "1G", 1024 * TiB: "1024T", math.MaxInt64: "9223372036854775807", -1: "-1",
	} {
		if got := amount.String(); got != want {
			t.Errorf("%d prints as %q, want %q", int64(amount), got, want)
		}
	}
}

func TestTextMarshallingRoundTrips(t *testing.T) {
	text, err := (96 * MiB).MarshalText()
	var back Bytes
	if err != nil || string(text) != "96M" || back.UnmarshalText(text) != nil || back != 96*MiB {
		t.Errorf("96M became %q, %v, %d", text, err, back)
	}
	if err := back.UnmarshalText([]byte("junk")); !errors.Is(err, ErrSyntax) || back != 96*MiB {
		t.Errorf("junk gave %v and left %d", err, back)
	}
	if _, err := Bytes(-1).MarshalText(); !errors.Is(err, ErrNegative) {
		t.Errorf("a negative amount was written: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "0", "64M", "64MiB", "64MB", "1.5G", "-1", "9223372036854775807", "8388607T", "1536K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := Parse(s)
		if err != nil {
			var typed *Error
			if !errors.As(err, &typed) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		back, err := Parse(b.String())
		if err != nil || back != b {
			t.Fatalf("%q is %d, prints as %q, which is %d, %v", s, b, b, back, err)
		}
		if canonical := strings.TrimLeft(s, "0"); canonical != "" && len(b.String()) > len(canonical) && b != 0 {
			t.Fatalf("%q is shorter than %q", s, b)
		}
	})
}

func TestWordsNameTheUnit(t *testing.T) {
	for b, want := range map[Bytes]string{0: "0 bytes", 1000: "1000 bytes", 64 * MiB: "64M"} {
		if got := b.Words(); got != want {
			t.Errorf("%d is %q, want %q", int64(b), got, want)
		}
	}
}
