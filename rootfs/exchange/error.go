package exchange

import (
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/jailrun/jail/internal/safepath"
)

// Error says what could not be done, to what, why, and what to do.
type Error struct {
	Op     string // "open", "list", "make the folder", "create", "copy", "read the path", "read the limit"
	Object string // the path
	Err    error  // a Fault, a safepath.Refusal, the kernel's errno or the context's
	Hint   string
}

func (e *Error) Error() string {
	s := e.Op + " " + printable(e.Object) + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// printable quotes a path that would write control characters to a terminal.
func printable(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return strconv.Quote(s)
		}
	}
	return s
}

// Fault is a cause that is not the kernel's.
type Fault string

func (f Fault) Error() string { return string(f) }

// The faults of this package, for errors.Is.
const (
	ErrTooLarge   Fault = "is larger than may be copied"
	ErrTooMany    Fault = "is more than may be copied"
	ErrTooDeep    Fault = "lies deeper than may be copied"
	ErrBadPath    Fault = "is no path beneath the tree"
	ErrBadPattern Fault = "is no pattern"
	ErrBadLimit   Fault = "is less than nothing"
	ErrNoMatch    Fault = "matches nothing"
	ErrNotOne     Fault = "may be more than one file"
	ErrNotFile    Fault = "is not a regular file"
	ErrExists     Fault = "exists already"
	ErrForeign    Fault = "belongs to another user, in a folder in which anyone may make files"
	ErrChanged    Fault = "was replaced while it was being made"
	ErrLinkOut    Fault = "is a symbolic link that may lead out"
)

// fail is the Error of a cause. What safepath says is not said twice.
func fail(op, object string, err error) error {
	e := &Error{Op: op, Object: object, Err: err}
	var s *safepath.Error
	if errors.As(err, &s) {
		e.Err, e.Hint = s.Err, s.Hint
	}
	return e
}
