package state

import (
	"context"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// same says whether what is no folder holds what was there, which its content tells:
// times are the program's to set.
func (w *walk) same(e *entry) bool {
	switch {
	case e.st.Mode&unix.S_IFMT != e.was.Mode&unix.S_IFMT:
		return false
	case isKind(&e.st, unix.S_IFLNK):
		was, err := e.at.below.Readlink(e.name)
		return err == nil && was == e.target()
	case !isKind(&e.st, unix.S_IFREG) || e.st.Size != e.was.Size:
		return false
	}
	was, err := e.at.below.Open(e.name)
	return err == nil && e.holds(w.ctx, was)
}

// holds compares a file with another of its size, and closes that.
func (e *entry) holds(ctx context.Context, other *os.File) bool {
	defer other.Close()
	f, err := e.open()
	if err != nil {
		return false
	}
	defer f.Close()
	return equal(ctx, f, other, e.st.Size)
}

// open opens a regular file of the upper layer.
func (e *entry) open() (*os.File, error) {
	fd, err := unix.Openat(int(e.at.upper.Fd()), e.name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && !isKind(&st, unix.S_IFREG) {
		err = ErrSpecial
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), e.name), nil
}

// target is where a link of the upper layer leads, "" if that can't be had.
func (e *entry) target() string {
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(int(e.at.upper.Fd()), e.name, buf[:])
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

// equal compares so many bytes of two files. What can't be read to its end, or in time,
// is not the same.
func equal(ctx context.Context, a, b io.Reader, size int64) bool {
	var x, y [32 << 10]byte
	for size > 0 {
		n := min(size, int64(len(x)))
		if _, err := io.ReadFull(a, x[:n]); err != nil || ctx.Err() != nil {
			return false
		}
		if _, err := io.ReadFull(b, y[:n]); err != nil || x != y {
			return false
		}
		size -= n
	}
	return true
}
