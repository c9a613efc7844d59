package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// reference is what encoding/json makes of r from its struct tags.
func reference(t testing.TB, r *Result) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fill sets every field below v to something that is not its zero value.
func fill(v reflect.Value, text string, n *int64) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), text, n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), text, n)
		fill(v.Index(1), text, n)
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(*n)
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Uintptr: // an errno: one that has a name
		v.SetUint(uint64(unix.ENOENT))
	default:
		panic(v.Kind())
	}
}

func full(text string) *Result {
	r, n := new(Result), int64(0)
	fill(reflect.ValueOf(r).Elem(), text, &n)
	return r
}

func TestEncodingIsThatOfTheStandardLibrary(t *testing.T) {
	for name, r := range map[string]*Result{"zero": {}, "new": New("a1"), "full": full("x")} {
		if d := cmp.Diff(string(reference(t, r)), string(r.AppendLine(nil))); d != "" {
			t.Errorf("%s: -encoding/json +AppendLine\n%s", name, d)
		}
	}
}

func TestALineReadsBackAsTheSameResult(t *testing.T) {
	for _, r := range []*Result{New("a1"), full("x")} {
		var got Result
		if err := json.Unmarshal(r.AppendLine(nil), &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r, &got); d != "" {
			t.Error(d)
		}
	}
}

func TestAnyTextStaysOneLine(t *testing.T) {
	var all strings.Builder
	for c := range 256 {
		all.WriteByte(byte(c))
	}
	for _, s := range []string{all.String(), "a\nb", "\u2028\u2029", "<&>", `"\`, "\xff\xc0", "é🙂\ufffd"} {
		r := full(s)
		got := r.AppendLine(nil)
		if !bytes.Equal(got, reference(t, r)) {
			t.Errorf("%q is encoded as %s", s, got)
		}
		if bytes.IndexByte(got, '\n') != len(got)-1 {
			t.Errorf("%q breaks the line", s)
		}
	}
}

func FuzzStringIsEncodedAsByTheStandardLibrary(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00\x1f\x7f", "\u2028", "\xed\xa0\x80", "é\"\\/<"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := &Result{ID: s, Denials: []Denial{{Object: s}}}
		if got, want := r.AppendLine(nil), reference(t, r); !bytes.Equal(got, want) {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
}

func TestAppendLineKeepsWhatIsThere(t *testing.T) {
	if got := string(New("b").AppendLine([]byte("before "))); !strings.HasPrefix(got, `before {"schema":"jail.result/v1","id":"b",`) {
		t.Error(got)
	}
}

func TestErrnoIsWrittenByNameAndComparesAsTheKernels(t *testing.T) {
	for e, name := range map[Errno]string{0: "", Errno(unix.ENOENT): "ENOENT", Errno(unix.EAGAIN): "EAGAIN", 4001: "4001"} {
		if got := e.String(); got != name {
			t.Errorf("%d is written %q, want %q", e, got, name)
		}
		var back Errno
		if err := back.UnmarshalText([]byte(name)); err != nil || back != e {
			t.Errorf("%q is read as %d, %v", name, back, err)
		}
	}
	if !errors.Is(Errno(unix.ENOENT), fs.ErrNotExist) {
		t.Error("ENOENT is not fs.ErrNotExist")
	}
}

func TestTextThatCannotBeReadBackIsATypedError(t *testing.T) {
	var errno Errno
	var word Word
	for text, err := range map[string]error{"ENOSUCH": errno.UnmarshalText([]byte("ENOSUCH")), "12": word.UnmarshalText([]byte("12")), "0xg": word.UnmarshalText([]byte("0xg"))} {
		var typed *TextError
		if !errors.As(err, &typed) || typed.Object != text || typed.Unwrap() == nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func BenchmarkAppendLine(b *testing.B) {
	r, buf := full("some text"), make([]byte, 0, 1<<14)
	b.ReportAllocs()
	for b.Loop() {
		buf = r.AppendLine(buf[:0])
	}
}
