package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// failure is a mistake on the command line, or something of jail's own that
// could not be had.
type failure struct {
	op     string // what was tried: "open", "parse"
	object string // on what
	err    error
	hint   string // what to do
}

func (f *failure) Error() string {
	s := f.op
	if f.object != "" {
		s += " " + f.object
	}
	s += ": " + f.err.Error()
	if f.hint != "" {
		s += ": " + f.hint
	}
	return s
}

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.err }

// problem is a cause that is not the kernel's.
type problem string

func (p problem) Error() string { return string(p) }

// The problems of a command line.
const (
	errUnknownCommand problem = "unknown command"
	errUnknownFlag    problem = "unknown flag"
	errUnexpected     problem = "unexpected argument"
	errNoValue        problem = "needs a value"
	errHasValue       problem = "takes no value"
	errUnknownShell   problem = "unknown shell"
	errNoProgram      problem = "no program is given"
	errNoJaild        problem = "it stands neither beside jail nor in PATH"
	errDirectory      problem = "is a directory"
	errSameName       problem = "two files would have one name in /box"
	errSameFile       problem = "is where a standard stream of the program's goes too"
	errIsInput        problem = "is the program's standard input (--stdin), and would be emptied before it is read"
	errNoMeter        problem = "says nothing without --meter"
	errIsMeter        problem = "is the meter file (--meter), which only grows"
	errNoMeterFile    problem = "no meter file is given"
	errNoResultFile   problem = "no result is given"
	errNoLog          problem = "no audit log is given"
	errOneLog         problem = "one log is read at a time"
	errNoImageName    problem = "no image is named"
	errNoKeyFile      problem = "name a key and a file"
	errLate           problem = "is a flag after the file"
	errNotNumber      problem = "is no number of lines"
	errNotTime        problem = "is no time"
	errNotType        problem = "is no type of event"
	errFlagLate       problem = "is a flag after the files"
	errTwoForms       problem = "a report is printed in one form"
	errTooLarge       problem = "is too large to be shown with the others: 256 MiB in all are, of the files that a command line names"
	errTooMany        problem = "too many files: 128 are shown, of those that a command line names"
	errNotFd          problem = "is not a descriptor that the caller has passed open for writing"
)

// errNotExecutable is what execve(2) would say.
var errNotExecutable error = notExecutable{}

type notExecutable struct{}

func (notExecutable) Error() string { return "permission denied: it is not executable" }

func (notExecutable) Unwrap() error { return unix.EACCES }

// complain writes each mistake in err as a line of its own.
func complain(err error) {
	if all := policy.Errors(err); len(all) > 1 {
		for _, e := range all {
			say(e.Error())
		}
		return
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok { // what errors.Join made of them
		for _, e := range several.Unwrap() {
			complain(e)
		}
		return
	}
	say(err.Error())
}

// say writes one line of jail's own to standard error, in one write so that it
// is not mixed with those of others. A text that others chose can't pass for
// more lines, for commands to the terminal, or for words in another order.
func say(text string) {
	line := "jail: " + strings.Map(printable, text) + "\n"
	_, _ = os.Stderr.WriteString(line) // there is nobody else to tell
}

func printable(r rune) rune {
	if r != '\t' && !strconv.IsPrint(r) {
		return '?'
	}
	return r
}
