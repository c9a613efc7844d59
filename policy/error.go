package policy

import (
	"strconv"
	"strings"
)

// Problem is a kind of mistake in a policy; an Error wraps one, or a cause of
// another package (size.Fault, fs.PathError).
type Problem string

// The problems.
const (
	ErrSyntax        Problem = "is not well formed"
	ErrUnknownKey    Problem = "unknown key"
	ErrDuplicate     Problem = "is set twice"
	ErrMissing       Problem = "is missing"
	ErrType          Problem = "has the wrong type"
	ErrUnknown       Problem = "is not known"
	ErrValue         Problem = "is not valid"
	ErrNegative      Problem = "is negative"
	ErrZero          Problem = "is zero"
	ErrUnit          Problem = "has no unit"
	ErrNUL           Problem = "holds a NUL byte"
	ErrNotUTF8       Problem = "is not UTF-8"
	ErrMandatory     Problem = "can't be weakened so far"
	ErrDangerous     Problem = "would open the host"
	ErrCycle         Problem = "includes itself"
	ErrTooMany       Problem = "goes beyond a bound"
	ErrTooLarge      Problem = "is too large"
	ErrContradiction Problem = "contradicts another setting"
	ErrNotRegular    Problem = "is not a regular file"
)

// Error is the problem's text, made to follow the value it is about.
func (p Problem) Error() string { return string(p) }

// Error is one mistake and where it stands. Load, Validate and Option.Set give
// one, or several joined by errors.Join; Errors lists them.
type Error struct {
	File   string // as it was named to Load; empty: not from a file
	Line   int    // from 1; 0: not known
	Column int    // in bytes, from 1
	Key    string // "limits.memory", "files[2].target", "--memory"
	Value  string // the refused value, if one line can show it
	Err    error  // a Problem or a cause
	Hint   string // what to do
}

// Error reads `p.toml:3:7: net "bridge" is not known: use loopback or none`.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			b.WriteString(":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column))
		}
		b.WriteString(": ")
	}
	subject := e.Key
	if e.Value != "" {
		subject = strings.TrimLeft(subject+" "+quote(e.Value), " ")
	}
	if subject == "" && e.joint() == " " {
		subject = "the policy"
	}
	if subject != "" {
		b.WriteString(subject + e.joint())
	}
	b.WriteString(e.Err.Error())
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

// joint lets a Problem go on as one sentence, and sets a cause apart.
func (e *Error) joint() string {
	if p, ok := e.Err.(Problem); ok && p != ErrUnknownKey {
		return " "
	}
	return ": "
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors lists the mistakes in what Load or Validate returned, in order, also
// where another error wraps that, as isolate's does.
func Errors(err error) []*Error {
	switch e := err.(type) {
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		var all []*Error
		for _, one := range e.Unwrap() {
			all = append(all, Errors(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		return Errors(e.Unwrap())
	}
	return nil
}

// fault is a mistake whose place the caller adds.
func fault(value string, problem Problem, hint string) *Error {
	return &Error{Value: value, Err: problem, Hint: hint}
}

// placed gives a copy of err as an Error, to which a place can be added.
func placed(err error) *Error {
	if e, ok := err.(*Error); ok {
		c := *e
		return &c
	}
	return &Error{Err: err}
}

// quote shows a value in one line of an error.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
