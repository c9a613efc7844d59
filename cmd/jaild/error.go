package main

import "errors"

// Error is something that could not be done, with the way to mend it.
type Error struct {
	Op     string // what was tried: "reach", "start"
	Object string // on what
	Err    error  // why it failed; errors.Is and errors.As see it
	Hint   string // what to do about it; empty when there is nothing
}

// Error names operation, object, cause and mend.
func (e *Error) Error() string {
	s := e.Op + " " + e.Object + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// The causes that are nobody else's.
var (
	errUsage     = errors.New("no such command")
	errNoSystemd = errors.New("systemd does not run here (no /run/systemd/system)")
	errV1        = errors.New("the host has cgroup v1, of which systemd gives an ordinary user nothing, for it would not be safe (systemd.io/CGROUP_DELEGATION)")
	errRootV1    = errors.New("on cgroup v1 root needs no delegation: jail makes its groups by itself")
	errNoSink    = errors.New("nothing says where events go")
	errNoLog     = errors.New("no log is named")
	errOneLog    = errors.New("is one log too many")
	errLate      = errors.New("flags come before the log")
	errNoFlag    = errors.New("no such flag")
	errNoValue   = errors.New("has no value")
	errValue     = errors.New("takes no value")
	errWords     = errors.New("does not name what it takes")
	errGlob      = errors.New("is no pattern")
	errNotTime   = errors.New("is no time")
	errNotTaken  = errors.New("it does not take events")
	errPartly    = errors.New("it has refused some events")
	errBusyState = errors.New("another export has it open")
	errNoState   = errors.New("is not a state of jaild export")
	errNotDone   = errors.New("systemd did not do it")
	errNoImage   = errors.New("no image is named")
	errLateFlag  = errors.New("flags come before the image")
	errTooMuch   = errors.New("is one word too many")
	errNothing   = errors.New("is nothing")
	errLong      = errors.New("is too long")

	errHalfSigned  = errors.New("a key and a signature belong together")
	errUnsigned    = errors.New("standard input has no signature")
	errNotImported = errors.New("nothing is checked where nothing is imported")
)
