package exchange

import (
	"archive/tar"
	"context"
	"io"
)

// ToTar writes a tar archive; its owner is 0 and its times are none. A file is as
// long as when it was opened: what it grows is left out, and one that becomes
// shorter is filled with zeros and Truncated.
func ToTar(w io.Writer) Sink { return &archive{tar.NewWriter(w)} }

// archive is a Sink.
type archive struct{ *tar.Writer }

func (a *archive) receive(bool) (receiver, string, error) { return a, "", nil }

func (a *archive) folder(path string) error {
	return a.head(path, &tar.Header{Typeflag: tar.TypeDir, Name: path + "/", Mode: 0o755})
}

func (a *archive) link(path, target string) error {
	return a.head(path, &tar.Header{Typeflag: tar.TypeSymlink, Name: path, Linkname: target, Mode: 0o777})
}

func (a *archive) file(ctx context.Context, path string, c *content) (Item, error) {
	promised := min(c.size, c.bound)
	if err := a.head(path, &tar.Header{Typeflag: tar.TypeReg, Name: path, Size: promised, Mode: int64(c.mode)}); err != nil {
		return Item{}, err
	}
	cut := c.size > promised
	c.bound, c.cut = promised, true
	if err := c.stream(ctx, a); err != nil {
		return Item{}, streamError(path, err)
	}
	c.over = cut || c.read < promised
	return Item{Mode: c.mode}, a.fill(path, promised-c.read)
}

func (a *archive) head(path string, h *tar.Header) error {
	if err := a.WriteHeader(h); err != nil {
		return fail(creating, path, err)
	}
	return nil
}

// fill keeps the promise of the head.
func (a *archive) fill(path string, n int64) error {
	if _, err := io.CopyN(a, zeros{}, n); err != nil {
		return fail(copying, path, err)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (a *archive) close() error {
	if err := a.Close(); err != nil {
		return fail(copying, "the archive", err)
	}
	return nil
}
