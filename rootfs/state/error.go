package state

import (
	"github.com/jailrun/jail/internal/escape"
)

// Error says what could not be done with a state, why, and what to do.
type Error struct {
	Op     string // "make", "use", "apply", "upgrade"
	Object string // the state, or a path of it
	Err    error
	Hint   string
}

func (e *Error) Error() string {
	s := e.Op + " " + escape.Name(e.Object) + ": " + e.Err.Error()
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
	ErrName        Fault = "can't be the name of a state"
	ErrNoState     Fault = "there is no such state"
	ErrExists      Fault = "there is a state of that name already"
	ErrInUse       Fault = "it is in use"
	ErrDamaged     Fault = "its record is damaged"
	ErrOtherImage  Fault = "it was made upon another image"
	ErrOtherUser   Fault = "it was made by another user inside"
	ErrOtherFolder Fault = "another folder is there now"
	ErrNoImage     Fault = "it was not made upon an image"
	ErrNoFolder    Fault = "it keeps no changes of a folder"
	ErrConflict    Fault = "the new image has changed what the state has changed too"
	ErrEscapes     Fault = "is a link that leads out of the folder"
	ErrSpecial     Fault = "is neither a file, a folder nor a link"
	ErrMoved       Fault = "is not the folder any more that the changes are of"
	ErrMounted     Fault = "is on another mount than the folder"
	ErrStore       Fault = "is the store, or in it"
	ErrUnchanged   Fault = "nothing there was changed"
	ErrNewer       Fault = "has come, or was changed, since the program has changed or removed it"
	ErrKept        Fault = "still holds what could not be removed"
	ErrNoParent    Fault = "is in a folder that is not there"
	ErrMode        Fault = "is changed in nothing but its mode, which is not applied"
	ErrOwner       Fault = "is changed in nothing but its owner, which is not applied"
	ErrTooDeep     Fault = "has too many folders within folders"
	ErrTooMany     Fault = "are more names than are looked at"
	ErrTooLarge    Fault = "is more than may be written in all"
)
