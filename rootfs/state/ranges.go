package state

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/internal/sparse"
)

// ranges is what a file holds between its holes.
type ranges struct {
	from *os.File
	size int64
	left *int64 // bytes that may still be written

	buffer []byte // for what the kernel can't copy
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
	r := ranges{from: f.File, size: e.st.Size}
	for at := int64(0); at < r.size && ctx.Err() == nil; {
		begin, end := r.next(at)
		n, at = n+end-begin, end
	}
	return n
}

// next finds the next data from a place on; at the file's end there is none.
func (r *ranges) next(at int64) (begin, end int64) {
	begin, end, more := sparse.Next(r.from, at)
	if !more {
		return r.size, r.size
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
	n, err = r.copyRange(to, at, most)
	if err == nil && n == 0 {
		err = io.ErrUnexpectedEOF
	}
	*r.left -= n
	return n, err
}

// copyRange has the kernel copy, or does so itself where it can't.
func (r *ranges) copyRange(to *os.File, at, most int64) (int64, error) {
	if n := sparse.InKernel(to, r.from, at, most); n > 0 {
		return n, nil
	}
	if r.buffer == nil {
		r.buffer = make([]byte, 64<<10)
	}
	n, err := r.from.ReadAt(r.buffer[:min(most, int64(len(r.buffer)))], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	n, err = to.WriteAt(r.buffer[:n], at)
	return int64(n), err
}
