package seccomp

import "errors"

// Error says which rule or program could not be used, and what to do.
type Error struct {
	Op     string // "validate", "compile", "simulate"
	Object string // the group, call or instruction
	Err    error
	Hint   string // what mends it; may be empty
}

// Error is one line: operation, object, cause and hint.
func (e *Error) Error() string {
	s := e.Op + " " + e.Object + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// The causes.
var (
	ErrUnknownCall  = errors.New("no such call on " + archWords)
	ErrTwice        = errors.New("the call is in two groups")
	ErrNoGroup      = errors.New("the call is in no group")
	ErrBadArg       = errors.New("the condition can't be expressed")
	ErrBadErrno     = errors.New("errno outside 1..4095")
	ErrNoReason     = errors.New("no reason is given")
	ErrTooLong      = errors.New("more than 4096 instructions")
	ErrBadProgram   = errors.New("not a filter that the kernel would take")
	ErrBadOperation = errors.New("instruction not used by seccomp filters")
)
