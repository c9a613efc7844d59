package disk

// Error says what could not be done with a disk in a file, why, and what to do.
type Error struct {
	Op     string // "make", "attach", "mount"
	Object string // the file
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
	ErrNoMaker Fault = "mkfs.ext4 is not installed"
	ErrInUse   Fault = "it is in use"
)
