package audit

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
)

// Reader reads a log, line by line. It checks the form of the lines and not their
// chain: that is for Verify.
type Reader struct {
	name  string
	lines *lines
	raw   []byte
}

// NewReader begins to read; name is for errors.
func NewReader(name string, src io.Reader) *Reader { return &Reader{name: name, lines: readLines(src)} }

// Next gives the next entry, and at the end io.EOF. After an error that wraps
// ErrLine, which names file and line, the next line can be read.
func (r *Reader) Next() (*Entry, error) {
	line, whole, err := r.lines.next()
	if err != nil {
		if err != io.EOF {
			err = failed("read", r.name, err)
		}
		return nil, err
	}
	if !whole {
		return nil, &Error{Object: r.name, Line: r.lines.line, Err: ErrLine, Detail: "it has no end"}
	}
	e, err := Decode(line)
	if bad, ok := err.(*Error); ok {
		bad.Object, bad.Line = r.name, r.lines.line
	}
	r.raw = line
	return e, err
}

// Raw is the last line that Next gave, until it gives another.
func (r *Reader) Raw() []byte { return r.raw }

// Each opens a log, and calls f with each of its entries, and with each line that
// is none. An error of f's ends it.
func Each(ctx context.Context, path string, may safepath.Follow, f func(*Entry, []byte, error) error) error {
	src, size, err := openFor(path, may)
	if err != nil {
		return err
	}
	defer src.Close()
	if size == 0 {
		return &Error{Op: "read", Object: path, Err: ErrEmpty, Hint: "nothing was written to it yet"}
	}
	return eachOf(ctx, path, src, f)
}

// eachOf refuses what is surely no log, rather than to complain of each line: lines
// that are none wait until there is one that is.
func eachOf(ctx context.Context, path string, src *os.File, f func(*Entry, []byte, error) error) error {
	const enough = 20
	r := NewReader(path, src)
	var waiting []error
	for good := false; ; {
		e, err := r.Next()
		switch {
		case ctx.Err() != nil:
			return failed("read", path, ctx.Err())
		case err == io.EOF && good:
			return nil
		case err == io.EOF, !good && len(waiting) == enough:
			return &Error{Op: "read", Object: path, Line: 1, Err: ErrNotLog, Detail: "none of its first lines is one of a log's", Hint: "name the FILE of jail exec --audit"}
		case err != nil && !errors.Is(err, ErrLine):
			return err
		case err != nil && !good:
			waiting = append(waiting, err)
			continue
		}
		good = true
		for _, bad := range waiting {
			if err := f(nil, nil, bad); err != nil {
				return err
			}
		}
		waiting = nil
		if err := f(e, r.Raw(), err); err != nil {
			return err
		}
	}
}
