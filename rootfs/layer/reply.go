package layer

import (
	"errors"
	"syscall"
)

// problem is an Error as the unpacker writes it: with what errors.Is can ask for.
type problem struct {
	Op     string        `json:"op"`
	Object string        `json:"object"`
	Text   string        `json:"text"` // of the cause
	Fault  Fault         `json:"fault,omitempty"`
	Errno  syscall.Errno `json:"errno,omitempty"`
	Hint   string        `json:"hint"`
}

func problemOf(err error) *problem {
	e := &Error{}
	if !errors.As(err, &e) {
		e = &Error{Op: unpacking, Err: err}
	}
	p := &problem{Op: e.Op, Object: e.Object, Text: e.Err.Error(), Hint: e.Hint}
	_ = errors.As(e.Err, &p.Fault) // none: empty
	_ = errors.As(e.Err, &p.Errno)
	return p
}

func (p *problem) asError() error {
	e := &Error{Op: p.Op, Object: p.Object, Hint: p.Hint}
	switch {
	case p.Fault != "" && p.Text == string(p.Fault):
		e.Err = p.Fault
	case p.Errno != 0 && p.Text == p.Errno.Error():
		e.Err = p.Errno
	default:
		e.Err = &told{p}
	}
	return e
}

// told is a cause in the unpacker's words.
type told struct{ p *problem }

func (t *told) Error() string { return t.p.Text }

func (t *told) Unwrap() (list []error) {
	if t.p.Fault != "" {
		list = append(list, t.p.Fault)
	}
	if t.p.Errno != 0 {
		list = append(list, t.p.Errno)
	}
	return list
}
