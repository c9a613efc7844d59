package meter

import (
	"strconv"
	"strings"
)

// Problem is a kind of mistake, or of trouble with a file; an Error wraps one,
// or a cause of another package.
type Problem string

// The problems.
const (
	ErrBusy       Problem = "its lock is held by another process"
	ErrNotMeter   Problem = "is not a meter file"
	ErrNotTable   Problem = "is not jail's table of runs"
	ErrTwice      Problem = "is named twice"
	ErrSyntax     Problem = "is not well formed"
	ErrTorn       Problem = "is half a record"
	ErrMissing    Problem = "is missing"
	ErrDuplicate  Problem = "is set twice"
	ErrValue      Problem = "is not valid"
	ErrTooLong    Problem = "is too long"
	ErrTooMany    Problem = "are too many"
	ErrUnknownKey Problem = "unknown key"
	ErrNoBudget   Problem = "has no budget"
	ErrSpent      Problem = "the budget is spent"
	ErrUnbounded  Problem = "has no bound"
)

// Error is the problem's text.
func (p Problem) Error() string { return string(p) }

// Error is what could not be done, on what, and what to do. Of a file that was
// read it names the line.
type Error struct {
	Op     string // "append to", "lock", "read"; "" for a mistake in a line or value
	Object string // the file, or the flag
	Line   int    // from 1; 0: not known, or no line is to blame
	Key    string // of the record, price or budget; "" when none is to blame
	Value  string // what is refused; "" if it can't be shown in one line
	Err    error  // a Problem or a cause
	Hint   string
}

// Error reads `usage.jsonl:7: cpu_ns "-1" is not valid: …`.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + " ")
	}
	b.WriteString(e.Object)
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line))
	}
	subject := e.Key
	if e.Value != "" {
		subject = strings.TrimLeft(subject+" "+quote(e.Value), " ")
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if subject != "" {
		b.WriteString(subject + " ")
	}
	b.WriteString(e.Err.Error())
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// quote shows a value in one line of an error.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
