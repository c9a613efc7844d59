package isolate

import (
	"strconv"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// LaunchError says why a program was not launched: nothing of it has run, and
// nothing is left behind.
type LaunchError struct {
	Op    string       // what was tried: "launch", "make the cgroup"
	Step  string       // the step of the tape, if it was one: "mount /proc"
	Index int          // its number on the tape, -1 if it was none
	Layer policy.Layer // the layer that the step belongs to, or ""
	Err   error
	Hint  string // what to do
}

func (e *LaunchError) Error() string {
	s := e.Op
	if e.Step != "" {
		s = e.Step
	}
	s += ": " + e.Err.Error()
	if e.Layer != "" {
		s += " (layer " + string(e.Layer) + ")"
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *LaunchError) Unwrap() error { return e.Err }

// ArgError says that an argument can't be passed on: it holds a NUL byte, at
// which execve(2) would end it.
type ArgError struct {
	Index int // in Cmd.Args; 0 is the program
}

func (e *ArgError) Error() string {
	if e.Index == 0 {
		return "the program's name holds a NUL byte"
	}
	return "argument " + strconv.Itoa(e.Index) + " holds a NUL byte"
}

// Unwrap gives what os/exec says of such a one.
func (e *ArgError) Unwrap() error { return unix.EINVAL }

// ExecError says that every wall stood, but the program could not be executed.
// It wraps the errno: ENOENT if it was found nowhere.
type ExecError struct {
	Program string
	Err     error
	Hint    string
}

func (e *ExecError) Error() string {
	s := e.Program + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *ExecError) Unwrap() error { return e.Err }

// ExitError says that the program ran and did not end with status 0, or that
// output of it was lost. The result says why.
type ExitError struct{ Result *result.Result }

func (e *ExitError) Error() string {
	r := e.Result
	if lost := result.Lost(r); lost != "" {
		return lost
	}
	if r.ExitCode != nil {
		return "exit status " + strconv.Itoa(*r.ExitCode)
	}
	if s := result.Sentence(r); s != "" {
		return s
	}
	return string(r.Reason)
}
