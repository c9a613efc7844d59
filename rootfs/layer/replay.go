package layer

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// Replay writes the archive that the layer in dir was made of, uncompressed and byte
// for byte, if nothing of the layer was changed: whether it has its digest, only its
// sum says. The error is an *Error.
func Replay(ctx context.Context, w io.Writer, dir *os.File) error {
	r, err := newReplayer(ctx, dir)
	if err != nil {
		return refuse("replay", dir.Name(), err)
	}
	defer r.close()
	buf := make([]byte, pieceSize)
	_, err = io.CopyBuffer(onlyWriter{w}, onlyReader{r}, buf)
	return refuse("replay", r.span.path, err)
}

// Of these io.Copy sees no other method, and so takes the buffer that it is given.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// replayer reads the archive anew, out of the skeleton and the tree.
type replayer struct {
	ctx  context.Context
	from *skeletonReader
	tree *tree
	span span // what is left of it
	fd   int  // the file of the span; -1: not opened
	// amiss is told of a file that can't be read; nil: that ends it. Zeros then stand
	// for what the file should hold.
	amiss func(path string, err error)
	blank bool
}

func newReplayer(ctx context.Context, dir *os.File) (*replayer, error) {
	top, err := safepath.Beneath(int(dir.Fd()), TreeDir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	from, err := openSkeleton(dir)
	if err != nil {
		top.Close()
		return nil, err
	}
	return &replayer{ctx: ctx, from: from, tree: &tree{top: top}, fd: -1}, nil
}

func (r *replayer) close() {
	r.shut()
	r.from.close()
	r.tree.close()
}

func (r *replayer) shut() {
	if r.fd >= 0 {
		unix.Close(r.fd)
	}
	r.fd, r.blank = -1, false
}

func (r *replayer) Read(p []byte) (n int, err error) {
	for len(r.span.bytes) == 0 && r.span.size == 0 {
		r.shut()
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		if r.span, err = r.from.next(); err != nil {
			return 0, err
		}
	}
	if len(r.span.bytes) > 0 {
		n = copy(p, r.span.bytes)
		r.span.bytes = r.span.bytes[n:]
		return n, nil
	}
	return r.contents(p[:min(int64(len(p)), r.span.size)])
}

// contents reads on in the span's file.
func (r *replayer) contents(p []byte) (n int, err error) {
	if r.fd < 0 && !r.blank {
		r.fd, err = r.tree.regular(r.span.path, r.span.size)
	}
	if err == nil && !r.blank {
		n, err = read(r.fd, p)
		if n == 0 && err == nil {
			err = ErrChanged // it was as long as it should be when it was opened
		}
	}
	if err != nil && r.amiss != nil {
		r.amiss(r.span.path, err)
		r.blank = true
	}
	if r.blank {
		clear(p)
		n, err = len(p), nil
	}
	if err != nil {
		return 0, err
	}
	r.span.size -= int64(n)
	return n, nil
}

func read(fd int, p []byte) (int, error) {
	for {
		n, err := unix.Read(fd, p)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// regular opens a file of the tree for reading, and holds it to its size.
func (t *tree) regular(path string, size int64) (int, error) {
	in, name := safepath.CutLast(path)
	f, err := t.enter(in)
	if err != nil {
		return -1, missing(err)
	}
	fd, err := unix.Openat(int(f.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, missing(err)
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && (st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size != size) {
		err = ErrDiffers
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// missing says of what is not there, or was replaced, what it is for a layer.
func missing(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT):
		return ErrMissing
	case errors.Is(err, safepath.SymbolicLink), errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ENXIO):
		return ErrDiffers
	}
	return err
}
