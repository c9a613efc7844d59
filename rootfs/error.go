package rootfs

// Error says which step failed, on what, why, and what to do.
type Error struct {
	Op     string // what was done: "show", "recognise the layout of"
	Object string // to what: a path, mostly
	Err    error
	Hint   string
}

func (e *Error) Error() string {
	s := e.Op + " " + e.Object + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fault is a cause that is not the kernel's.
type Fault string

func (f Fault) Error() string { return string(f) }

// The faults of this package, for errors.Is.
const (
	ErrUnknownLayout Fault = "no known layout"
	ErrNotFolder     Fault = "is not a folder"
	ErrBadIdentity   Fault = "can't stand in a line of /etc/passwd"
)
