package safepath

import (
	"strconv"
)

// Error says what was to be opened, what it turned out to be, and what to do.
type Error struct {
	Op     string // "open for writing", "open for reading", "open beneath", "find"
	Object string // the path as it was given
	Err    error  // a Refusal, or the kernel's errno
	Detail string // what the cause is about: "to /etc/shadow", "/tmp/a"
	Hint   string
}

func (e *Error) Error() string {
	s := e.Op + " " + printable(e.Object) + ": " + e.Err.Error()
	if e.Detail != "" {
		s += " " + printable(e.Detail)
	}
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
		if !strconv.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

// Refusal is a cause that the kernel would have let pass.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// The refusals, for errors.Is.
const (
	Directory    Refusal = "is a directory"
	FIFO         Refusal = "is a FIFO"
	Socket       Refusal = "is a socket"
	Device       Refusal = "is a device"
	SymbolicLink Refusal = "is a symbolic link"                                         // as the last name
	LinkOnWay    Refusal = "leads through a symbolic link that others could have made:" // as an earlier name
	LinkInReach  Refusal = "leads through a symbolic link that a jail could have left:"
	MagicLink    Refusal = "leads through a link of /proc:"
	HardLink     Refusal = "has more than one name (hard links)"
	Foreign      Refusal = "belongs to another user, in a folder in which anyone may make files"
	Changed      Refusal = "was replaced while it was being opened"
	Outside      Refusal = "leads out of its folder"
	OtherMount   Refusal = "is on another mount than its folder"
)

// hints says what to do about a refusal.
func hint(op string, err error) string {
	for _, h := range [...]struct {
		err  error
		hint string
	}{
		{Directory, "name a file in it"},
		{FIFO, "let the shell open it (< or >): an open of one may wait for ever"},
		{Socket, "name a regular file"},
		{Device, "name a regular file or /dev/null, or let the shell open it (< or >)"},
		{SymbolicLink, "name the file that it leads to"},
		{LinkOnWay, "name the file by a path without it"},
		{LinkInReach, "if that is meant, name the path that it leads to"},
		{MagicLink, "let the shell open it (< or >)"},
		{HardLink, "remove it, or name a new file"},
		{Foreign, "name a new file, or use a folder of your own"},
		{Changed, "use a folder in which only you may make files"},
	} {
		if h.err == err {
			return h.hint
		}
	}
	return errnoHint(op, err)
}
