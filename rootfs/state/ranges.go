package state

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ranges is what a file holds between its holes.
type ranges struct {
	from *os.File
	size int64
	left *int64 // bytes that may still be written
}

// longest bounds what is copied between two looks at the context.
const longest = 8 << 20

// data is how many bytes of a change are to be written. What can't be read is none.
func (e *entry) data(ctx context.Context) (n int64) {
	if e.Kind == Deleted || e.Type != "file" || e.Only != "" {
		return 0
	}
	f, err := e.open()
	if err != nil {
		return 0
	}
	defer f.Close()
	r := ranges{from: f, size: e.st.Size}
	for at := int64(0); at < r.size && ctx.Err() == nil; {
		begin, end := r.next(at)
		n, at = n+end-begin, end
	}
	return n
}

// next finds the next data from a place on; at the file's end there is none.
func (r *ranges) next(at int64) (begin, end int64) {
	fd := int(r.from.Fd())
	begin, err := unix.Seek(fd, at, unix.SEEK_DATA)
	if err == unix.ENXIO {
		return r.size, r.size
	}
	if err != nil { // a file system that does not tell holes
		return at, r.size
	}
	end, err = unix.Seek(fd, begin, unix.SEEK_HOLE)
	if err != nil || end <= begin {
		end = r.size
	}
	return min(begin, r.size), min(end, r.size)
}

// copy writes the data to an empty file, which gets the length of this one.
func (r *ranges) copy(ctx context.Context, to *os.File) error {
	for at := int64(0); at < r.size; {
		begin, end := r.next(at)
		for begin < end {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, err := r.piece(to, begin, min(end-begin, longest))
			if err != nil {
				return err
			}
			begin += n
		}
		at = end
	}
	return to.Truncate(r.size)
}

// piece copies at most so many bytes, and at least one.
func (r *ranges) piece(to *os.File, at, most int64) (n int64, err error) {
	if most > *r.left {
		return 0, ErrTooLarge
	}
	n, err = copyRange(to, r.from, at, most)
	if err == nil && n == 0 {
		err = io.ErrUnexpectedEOF
	}
	*r.left -= n
	return n, err
}

// copyRange has the kernel copy, or does so itself where it can't.
func copyRange(to, from *os.File, at, most int64) (int64, error) {
	out, in := at, at
	n, err := unix.CopyFileRange(int(from.Fd()), &in, int(to.Fd()), &out, int(most), 0)
	if err == nil && n > 0 {
		return int64(n), nil
	}
	buf := make([]byte, min(most, 64<<10))
	n, err = from.ReadAt(buf, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	n, err = to.WriteAt(buf[:n], at)
	return int64(n), err
}
