package audit

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/internal/escape"
	"golang.org/x/sys/unix"
)

// Mistake is a kind of mistake, or of trouble with a file; an Error wraps one, or
// a cause of another package.
type Mistake string

// The mistakes.
const (
	ErrBusy       Mistake = "its lock is held by another process"
	ErrNotLog     Mistake = "is not an audit log"
	ErrEmpty      Mistake = "is empty"
	ErrLine       Mistake = "is not a line of an audit log"
	ErrChain      Mistake = "does not follow on the line before"
	ErrCut        Mistake = "was cut off"
	ErrSigned     Mistake = "is signed, and no key is given"
	ErrOtherKey   Mistake = "is signed with another key"
	ErrKey        Mistake = "is not a key"
	ErrPrivateKey Mistake = "is a private key, where a public one belongs"
	ErrPublicKey  Mistake = "is a public key, where the private one belongs"
	ErrKeyName    Mistake = "can't be a key's name"
	ErrNoText     Mistake = "an empty text is no secret"
	ErrOption     Mistake = "is not valid"
	ErrClosed     Mistake = "is closed"
	ErrReplaced   Mistake = "was replaced again and again while it was being opened"
	ErrNotRegular Mistake = "is not a regular file"
	ErrExists     Mistake = "exists"
	ErrLost       Mistake = "events are lost"
	ErrNoService  Mistake = "is not there"
)

// Error is the mistake's text.
func (p Mistake) Error() string { return string(p) }

// Error is what could not be done, on what, and what to do. Of a file that was
// read it names the line.
type Error struct {
	Op     string // "append to", "lock", "read"; "" for a mistake in a value
	Object string // the file, or the option
	Line   int    // from 1; 0: no line is to blame
	Err    error  // a Mistake or a cause
	Detail string // what exactly is wrong
	Hint   string
}

// Error reads `audit.jsonl:7: is not a line of an audit log (its type is none of the set)`.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + " ")
	}
	b.WriteString(escape.Name(e.Object))
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line))
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Err.Error())
	if e.Detail != "" {
		b.WriteString(" (" + e.Detail + ")")
	}
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// failed makes the Error of what could not be done with a file.
func failed(op, path string, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	e = &Error{Op: op, Object: path, Err: err, Hint: "check the file and its file system"}
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		e.Hint = "free space on its file system"
	case errors.Is(err, ErrNotLog):
		e.Hint = "name another file"
	}
	return e
}
