package cache

import (
	"errors"
	"strconv"

	"github.com/jailrun/jail/internal/safepath"
)

// Error says what could not be done, to what, why, and what to do.
type Error struct {
	Op     string // "open the cache", "put", "open", "verify", "remove", "list", "evict"
	Object string // the folder, or a digest
	Err    error  // a Fault, the kernel's errno or the context's
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

// printable quotes what would write control characters to a terminal.
func printable(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) {
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
	ErrNotFound Fault = "is not in the cache"
	ErrTooLarge Fault = "is larger than a file may be"
	ErrCorrupt  Fault = "is not what its digest says"
	ErrBadLimit Fault = "is less than nothing"
	ErrShared   Fault = "can be written by others"
)

// hints says what to do about a fault.
var hints = map[Fault]string{
	ErrNotFound: "put it anew",
	ErrTooLarge: "raise the limit of bytes, or make it smaller",
	ErrCorrupt:  "it was removed; put it anew",
	ErrBadLimit: "0 stands for the default",
	ErrShared:   "use a folder that only you may write to",
}

// fail is the Error of a cause. What safepath says is not said twice.
func fail(op, object string, err error) error {
	e := &Error{Op: op, Object: object, Err: err}
	var f Fault
	var s *safepath.Error
	switch {
	case errors.As(err, &f):
		e.Hint = hints[f]
	case errors.As(err, &s):
		e.Err, e.Hint = s.Err, s.Hint
	}
	return e
}
