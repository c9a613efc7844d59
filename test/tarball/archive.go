// Package tarball makes archives for tests.
package tarball

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// At is a time that each file system can hold.
var At = time.Date(2026, 11, 30, 10, 0, 0, 123456789, time.UTC)

// Entry is one entry of an archive.
type Entry struct {
	tar.Header
	Body string
}

// New makes an entry, with what most have filled in. A link's body is its target.
func New(name string, kind byte, body string) Entry {
	h := tar.Header{Name: name, Typeflag: kind, Mode: 0o644, ModTime: At, Size: int64(len(body)), Format: tar.FormatPAX}
	if kind == tar.TypeDir {
		h.Mode = 0o755
	}
	if kind == tar.TypeSymlink || kind == tar.TypeLink {
		h.Linkname, h.Size, body = body, 0, ""
	}
	return Entry{h, body}
}

// With changes its header.
func (e Entry) With(change func(*tar.Header)) Entry {
	change(&e.Header)
	return e
}

// Tar writes an archive.
func Tar(t testing.TB, list ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range list {
		must(t, w.WriteHeader(&list[i].Header))
		_, err := w.Write([]byte(list[i].Body))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// Gzip compresses b.
func Gzip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

// Zstd compresses b.
func Zstd(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	must(t, err)
	defer w.Close()
	return w.EncodeAll(b, nil)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
