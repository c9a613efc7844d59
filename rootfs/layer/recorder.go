package layer

import (
	"encoding/binary"
	"errors"
	"io"
)

// recorder lies between an archive and archive/tar, which reads no byte ahead: all
// that it reads are headers and padding, and go into the skeleton. A file's contents
// are taken past it.
type recorder struct {
	src    *source
	to     *skeletonWriter
	most   int64 // bytes of one entry's headers
	header int64 // bytes of this entry's so far
	zeros  int64 // bytes of zeros at the end of what was read
	hollow int64 // bytes of contents that archive/tar has yet to skip, and that were taken
}

// Read gives headers. Of contents that were taken it gives as many bytes, of nothing.
func (r *recorder) Read(p []byte) (int, error) {
	if r.hollow > 0 {
		n := min(int64(len(p)), r.hollow)
		r.hollow -= n
		return int(n), nil
	}
	b, err := r.src.next(int64(len(p)))
	if err != nil {
		return 0, err
	}
	if r.header += int64(len(b)); r.header > r.most {
		return 0, ErrHeaders
	}
	if r.zeros += int64(len(b)); !isZero(b) {
		r.zeros = 0
	}
	return copy(p, b), r.to.bytes(b)
}

// take hands an entry's contents on, piece by piece.
func (r *recorder) take(path string, size int64, to func([]byte) error) error {
	if size == 0 {
		return nil
	}
	if err := r.to.contents(path, size); err != nil {
		return err
	}
	for left := size; left > 0; {
		b, err := r.src.next(left)
		if errors.Is(err, io.EOF) {
			err = ErrTruncated
		}
		if err == nil {
			err = to(b)
		}
		if err != nil {
			return err
		}
		left -= int64(len(b))
	}
	r.hollow, r.zeros = size, 0
	return nil
}

// rest takes what follows the end of the archive: zeros, by which it is padded.
func (r *recorder) rest() error {
	for {
		b, err := r.src.next(mostRun)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !isZero(b) {
			return ErrTrailing
		}
		if err := r.to.bytes(b); err != nil {
			return err
		}
	}
}

func isZero(b []byte) bool {
	for len(b) >= 8 {
		if binary.NativeEndian.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
