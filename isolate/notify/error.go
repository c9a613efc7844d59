package notify

// Error says which operation on the listener failed.
type Error struct {
	Op     string
	Object string
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

// Unwrap gives the errno.
func (e *Error) Unwrap() error { return e.Err }
