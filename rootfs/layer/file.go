package layer

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// file makes a regular file and fills it.
func (u *unpacker) file(e item, in int, name string, archive io.Reader) error {
	if e.Size > u.options.Limits.Bytes {
		return ErrTooLarge
	}
	fd, err := openNew(in, name)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if e.isSparse() {
		err = u.fillSparse(fd, e.Size, archive)
	} else {
		err = u.fill(fd, e)
	}
	if err != nil {
		return err
	}
	u.info.Entries++
	u.info.Bytes += e.Size
	return u.tree.dress(e, in, name, fd)
}

func openNew(in int, name string) (int, error) {
	for {
		fd, err := unix.Openat(in, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// fill writes a file's contents.
func (u *unpacker) fill(fd int, e item) error {
	at := int64(0)
	write := writeData
	if e.Size < hole {
		write = writeAt
	}
	err := u.rec.take(e.path, e.Size, func(b []byte) error {
		err := write(fd, b, at)
		at += int64(len(b))
		return err
	})
	if err != nil || e.Size < hole {
		return err
	}
	return unix.Ftruncate(fd, e.Size) // it may end in a hole
}

// fillSparse writes the contents of a file of which the archive has fewer bytes. These
// go into the skeleton.
func (u *unpacker) fillSparse(fd int, size int64, archive io.Reader) error {
	buf := make([]byte, mostRun)
	for at := int64(0); at < size; {
		u.rec.header = 0
		n, err := io.ReadFull(archive, buf[:min(size-at, mostRun)])
		if err != nil {
			return sparseFault(err)
		}
		if err := u.src.claim(int64(n)); err != nil {
			return err
		}
		if err := writeData(fd, buf[:n], at); err != nil {
			return err
		}
		at += int64(n)
	}
	return unix.Ftruncate(fd, size)
}

// sparseFault: archive/tar has no name for a map that does not fit its data.
func sparseFault(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return caused{ErrTruncated, err}
	}
	var known Fault
	if errors.As(err, &known) {
		return err
	}
	return caused{ErrHeader, err}
}

// writeData writes bytes at an offset, but for runs of zeros, which become holes.
func writeData(fd int, b []byte, at int64) error {
	for len(b) > 0 {
		n := runLength(b, at)
		if n < 0 {
			n = -n
		} else if err := writeAt(fd, b[:n], at); err != nil {
			return err
		}
		b, at = b[n:], at+int64(n)
	}
	return nil
}

// hole is the least run of zeros for which a file is given no block, and what the
// offset of one is a multiple of.
const hole = 4 << 10

// runLength gives the length of what b begins with: zeros, as a negative number, or
// the bytes before the next block of zeros. A part of a block counts as one, for the
// other part may be zeros too.
func runLength(b []byte, at int64) int {
	zeros := 0
	for n := 0; n < len(b); {
		next := min(n+hole-int(at+int64(n))&(hole-1), len(b))
		switch isHole := isZero(b[n:next]); {
		case isHole && n == zeros:
			zeros = next
		case zeros > 0:
			return -zeros
		case isHole:
			return n
		}
		n = next
	}
	if zeros > 0 {
		return -zeros
	}
	return len(b)
}

func writeAt(fd int, b []byte, at int64) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(fd, b, at)
		if err != nil && err != unix.EINTR {
			return err
		}
		n = max(n, 0)
		b, at = b[n:], at+int64(n)
	}
	return nil
}
