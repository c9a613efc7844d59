package state

import (
	"bytes"
	"context"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs"
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
	return err == nil && e.holds(w.ctx, was, &w.room)
}

// holds compares a file with another of its size, and closes that.
func (e *entry) holds(ctx context.Context, other *os.File, room *pair) bool {
	defer other.Close()
	f, err := e.open()
	if err != nil {
		return false
	}
	defer f.Close()
	return room.equal(ctx, f.File, other, e.st.Size)
}

// open opens a regular file of the upper layer.
func (e *entry) open() (*safepath.Opened, error) {
	f, err := safepath.OpenFile(int(e.at.upper.Fd()), e.name)
	if err == unix.EINVAL || err == unix.ELOOP {
		return nil, ErrSpecial
	}
	return f, err
}

// target is where a link of the upper layer leads, "" if that can't be had.
func (e *entry) target() string {
	target, _ := rootfs.ReadlinkAt(int(e.at.upper.Fd()), e.name)
	return target
}

// pair is room to compare two files in.
type pair [2][32 << 10]byte

// equal compares so many bytes of two files. What can't be read to its end, or in time,
// is not the same.
func (p *pair) equal(ctx context.Context, a, b io.Reader, size int64) bool {
	for size > 0 {
		n := min(size, int64(len(p[0])))
		if _, err := io.ReadFull(a, p[0][:n]); err != nil || ctx.Err() != nil {
			return false
		}
		if _, err := io.ReadFull(b, p[1][:n]); err != nil || !bytes.Equal(p[0][:n], p[1][:n]) {
			return false
		}
		size -= n
	}
	return true
}
