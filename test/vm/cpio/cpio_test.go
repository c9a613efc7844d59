package cpio

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestEveryRecordIsAligned(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	w.Add(Entry{Path: "/a/b/c", Kind: File, Perm: 0o644, Data: []byte("12345")})
	w.Add(Entry{Path: "dev/null", Kind: Char, Perm: 0o666, Major: 1, Minor: 3})
	w.Add(Entry{Path: "bin", Kind: Symlink, Perm: 0o777, Data: []byte("usr/bin")})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{"a", "a/b", "a/b/c", "dev", "dev/null", "bin", "TRAILER!!!"}
	if got := names(t, b.Bytes()); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("names %v, want %v: folders come before what is in them", got, want)
	}
}

func TestFirstErrorIsKept(t *testing.T) {
	cause := errors.New("full")
	w := NewWriter(failing{cause})
	w.Add(Entry{Path: "x", Kind: File})
	if err := w.Close(); !errors.Is(err, cause) {
		t.Errorf("Close = %v, want %v", err, cause)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// names reads an archive back by the rules of its format.
func names(t *testing.T, b []byte) []string {
	t.Helper()
	var out []string
	for at := 0; at < len(b); {
		if string(b[at:at+6]) != "070701" || at%4 != 0 {
			t.Fatalf("no record at %d", at)
		}
		size, name := field(b, at, 6), field(b, at, 11)
		out = append(out, string(b[at+110:at+110+name-1]))
		at = align(at + 110 + name)
		at = align(at + size)
	}
	return out
}

func field(b []byte, at, i int) (v int) {
	for _, c := range b[at+6+8*i : at+14+8*i] {
		v = v*16 + strings.IndexByte("0123456789ABCDEF", c)
	}
	return v
}

func align(n int) int { return (n + 3) &^ 3 }
