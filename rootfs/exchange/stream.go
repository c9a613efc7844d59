package exchange

import (
	"context"
	"errors"
	"io"

	"github.com/jailrun/jail/internal/safepath"
)

// A stream is a Sink that takes one file's content.
type stream struct {
	to   io.Writer
	used bool
}

func (s *stream) receive(bool) (receiver, string, error) { return s, "", nil }

func (s *stream) file(ctx context.Context, path string, c *content) (Item, error) {
	if s.used {
		return Item{}, &Error{Op: copying, Object: path, Err: ErrNotOne, Hint: "copy them to a folder, or as a tar"}
	}
	s.used = true
	if err := c.stream(ctx, s.to); err != nil {
		return Item{}, streamError(path, err)
	}
	return Item{Mode: c.mode}, nil
}

// streamError ends the copy: what was written can't be taken back, so the rest
// may not follow it.
func streamError(path string, err error) error {
	var unread *unreadable
	if errors.As(err, &unread) {
		err = unread.err
	}
	return copyError(path, err)
}

func (s *stream) folder(path string) error {
	return &Error{Op: opening, Object: path, Err: safepath.Directory, Hint: "name a file in it, or copy it to a folder or as a tar"}
}

func (s *stream) link(path, _ string) error { return fail(opening, path, safepath.SymbolicLink) }

func (s *stream) close() error { return nil }
