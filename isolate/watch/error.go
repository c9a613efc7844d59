package watch

import "errors"

// Error says which operation on which object failed. Hint, if any, says what
// to do about it.
type Error struct {
	Op     string // "epoll_ctl", "write", …
	Object string // "fd 7", "destination", …
	Err    error
	Hint   string
}

func (e *Error) Error() string {
	s := e.Op + " " + e.Object + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause, so that errors.Is finds an errno in it.
func (e *Error) Unwrap() error { return e.Err }

var (
	// ErrClosed is the cause when a closed Loop is used.
	ErrClosed = errors.New("loop is closed")
	// ErrDeadline is the cause when a drain's deadline came before its last byte was delivered.
	ErrDeadline = errors.New("deadline passed with bytes undelivered")
	errRunning  = errors.New("loop runs already")
)
