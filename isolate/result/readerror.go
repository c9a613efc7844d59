package result

import (
	"strconv"
	"strings"
)

// ReadProblem is a kind of mistake in what a [Reader] reads; a ReadError wraps
// one, or a cause of another package.
type ReadProblem string

// The problems.
const (
	ErrEmpty     ReadProblem = "holds no result"
	ErrNoResult  ReadProblem = "is no result"
	ErrSyntax    ReadProblem = "is not JSON"
	ErrTruncated ReadProblem = "ends in the middle of a result"
	ErrTooLong   ReadProblem = "is too long"
	ErrSchema    ReadProblem = "is of another schema"
	ErrMissing   ReadProblem = "is missing"
	ErrDuplicate ReadProblem = "is set twice"
	ErrType      ReadProblem = "has the wrong type"
	ErrUnknown   ReadProblem = "is not known"
)

// Error is the problem's text, made to follow what it is about.
func (p ReadProblem) Error() string { return string(p) }

// ReadError is what could not be read, where it stands, and what to do.
type ReadError struct {
	Op     string // "read", where the file could not be; "" for a mistake in it
	Object string // the file
	Line   int    // from 1; 0: not known, or no line is to blame
	Key    string // "evidence.box.blocks", "[2].reason"; "" when none is to blame
	Value  string // what is refused; "" if it can't be shown in one line
	Err    error  // a ReadProblem or a cause
	Hint   string
}

// Error reads `r.json:1: evidence.killed has the wrong type: …`.
func (e *ReadError) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + " ")
	}
	b.WriteString(e.Object)
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line))
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(shorten(e.Key) + " ")
	}
	if e.Value != "" {
		b.WriteString(strconv.Quote(shorten(e.Value)) + " ")
	}
	b.WriteString(e.Err.Error())
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// shorten keeps a text of others' to a part of a line.
func shorten(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
