package digest

import "strconv"

// Fault is why a text is no digest; Error wraps one.
type Fault string

func (f Fault) Error() string { return string(f) }

// The faults, for errors.Is.
const (
	ErrAlgorithm Fault = "is not a SHA-256 digest"
	ErrSyntax    Fault = "does not have 64 hexadecimal digits"
)

// Error is a refused text.
type Error struct {
	Text string
	Err  error // a Fault
	Hint string
}

func (e *Error) Error() string {
	const most = 80
	return strconv.Quote(e.Text[:min(len(e.Text), most)]) + " " + e.Err.Error() + ": " + e.Hint
}

// Unwrap gives the Fault.
func (e *Error) Unwrap() error { return e.Err }
