package exchange

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// content is what one file holds. It is read up to its bound, however it grows.
type content struct {
	from io.Reader
	file *os.File // from, if it is a regular file
	path string   // for errors
	size int64    // when it was opened; 0: not known
	mode os.FileMode

	bound  int64
	cut    bool // what is beyond the bound is left out; otherwise it is an error
	buffer []byte

	read int64 // holes included
	over bool  // there was more
}

// unreadable is an error of the side that is read.
type unreadable struct{ err error }

func (u *unreadable) Error() string { return u.err.Error() }

// stream writes all to a writer.
func (c *content) stream(ctx context.Context, to io.Writer) error {
	for c.read < c.bound {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := c.from.Read(c.buffer[:min(int64(len(c.buffer)), c.bound-c.read)])
		if n > 0 {
			if _, err := to.Write(c.buffer[:n]); err != nil {
				return err
			}
			c.read += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &unreadable{err}
		}
	}
	return c.probe()
}

// probe asks whether there is more than the bound.
func (c *content) probe() error {
	n, err := io.ReadFull(c.from, c.buffer[:1])
	if c.over = n > 0; c.over && !c.cut {
		return tooLarge(c.path)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return &unreadable{err}
	}
	return nil
}

// into copies all to an empty file, by the cheapest means that the two file
// systems have.
func (c *content) into(ctx context.Context, to *os.File) (Means, error) {
	if c.file == nil {
		return Copied, c.stream(ctx, to)
	}
	if c.clone(to) {
		return Cloned, c.settle(to)
	}
	r := ranges{content: c, to: to, means: Ranged}
	err := r.copy(ctx)
	return r.means, err
}

// clone shares the file's blocks: all of it, so it must be within its bound.
func (c *content) clone(to *os.File) bool {
	if c.size == 0 || c.size > c.bound {
		return false
	}
	return unix.IoctlFileClone(int(to.Fd()), int(c.file.Fd())) == nil
}

// settle counts what a clone got, and cuts what had come to it since its size
// was asked for.
func (c *content) settle(to *os.File) error {
	n, err := to.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if c.read = min(n, c.bound); n == c.read {
		return nil
	}
	if c.over = true; !c.cut {
		return tooLarge(c.path)
	}
	return to.Truncate(c.read)
}
