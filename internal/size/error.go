package size

import "strconv"

// Fault is why a text is no amount; Error wraps one.
type Fault string

// The faults.
const (
	ErrEmpty     Fault = "is empty"
	ErrSyntax    Fault = "is no size"
	ErrNegative  Fault = "is negative"
	ErrOverflow  Fault = "is too large"
	ErrAmbiguous Fault = "is ambiguous" // 64MB: 1000 or 1024?
)

// Error is the fault's text, made to follow the refused text.
func (f Fault) Error() string { return string(f) }

// Error is a refused amount.
type Error struct {
	Text string // what was to be parsed or printed
	Err  error  // a Fault
	Hint string // what to write
}

// Error reads "64MB is ambiguous: write 64M …".
func (e *Error) Error() string {
	return show(e.Text) + " " + e.Err.Error() + ": " + e.Hint
}

// Unwrap gives the Fault.
func (e *Error) Unwrap() error { return e.Err }

// show quotes and shortens what would not read as one word of an error line.
func show(s string) string {
	const most = 40
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return strconv.Quote(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}
