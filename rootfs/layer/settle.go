package layer

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// settle reads a layer's headers once more and sets what they say of folders. To
// remember it from the first reading would take memory that the archive determines.
func settle(ctx context.Context, dir *os.File, t *tree, l *Limits) error {
	return headers(ctx, dir, l, func(e item, _ io.Reader) error {
		if e.Typeflag != tar.TypeDir {
			return nil
		}
		f, err := t.enter(e.path)
		if err != nil {
			return err
		}
		return t.dressFolder(e, f)
	})
}

func (t *tree) dressFolder(e item, f *os.File) error {
	fd := int(f.Fd())
	if t.owners {
		if err := unix.Fchown(fd, e.Uid, e.Gid); err != nil {
			return err
		}
	}
	if err := unix.Fchmod(fd, t.mode(e)); err != nil {
		return err
	}
	if err := dropAttributes(e, fd); err != nil {
		return err
	}
	if err := setAttributes(e, fd); err != nil {
		return err
	}
	return unix.UtimesNanoAt(fd, ".", times(e), unix.AT_SYMLINK_NOFOLLOW)
}

// headers reads the headers of the archive that a layer was made of, without the
// contents of its files: those of sparse ones alone can be read.
func headers(ctx context.Context, dir *os.File, l *Limits, each func(item, io.Reader) error) error {
	r, err := openSkeleton(dir)
	if err != nil {
		return err
	}
	defer r.close()
	return walkHeaders(ctx, &hollow{from: r}, l, each)
}

func walkHeaders(ctx context.Context, r io.Reader, l *Limits, each func(item, io.Reader) error) error {
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return damaged(err)
		}
		e, err := l.read(h)
		if err == nil {
			err = each(e, archive)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return refuse(unpacking, h.Name, err)
		}
	}
}

// hollow is an archive whose files' contents are skipped, and must not be read.
type hollow struct {
	from *skeletonReader
	span span
}

func (h *hollow) Read(p []byte) (n int, err error) {
	for len(h.span.bytes) == 0 && h.span.size == 0 {
		if h.span, err = h.from.next(); err != nil {
			return 0, err
		}
	}
	if len(h.span.bytes) > 0 {
		n = copy(p, h.span.bytes)
		h.span.bytes = h.span.bytes[n:]
		return n, nil
	}
	n = int(min(int64(len(p)), h.span.size))
	h.span.size -= int64(n)
	return n, nil
}
