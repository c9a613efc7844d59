package store

import (
	"errors"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/internal/hint"
	"golang.org/x/sys/unix"
)

// Error says what could not be done with the store, on what, why, and what to do.
type Error struct {
	Op     string // "open", "find", "publish"
	Object string // an image, a layer, a path
	Err    error  // a Fault, or a cause of another package
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
	ErrNoHome    Fault = "neither JAIL_STORE nor HOME is set"
	ErrRelative  Fault = "is not an absolute path"
	ErrNotFolder Fault = "is not a folder"
	ErrForeign   Fault = "belongs to another user"
	ErrOpen      Fault = "is open to others"
	ErrNoImage   Fault = "there is no such image"
	ErrAmbiguous Fault = "more than one image has an ID that begins so"
	ErrName      Fault = "can't be the name of an image"
	ErrDamaged   Fault = "is damaged"
	ErrUnsure    Fault = "was not known to be on the disk when the host went down"
	ErrNoStore   Fault = "there is no store"
	ErrInUse     Fault = "a jail uses it, damaged as it is"
	ErrLong      Fault = "its environment and users are more than the store records, 1 MiB"
)

// hints say what to do about a cause.
var hints = hint.Table{
	{ErrNotFolder, "set JAIL_STORE to another path"},
	{ErrForeign, "set JAIL_STORE to a folder of your own"},
	{ErrOpen, "name a folder of your own, which only you can use (mode 0700)"},
	{ErrDamaged, "jail image verify says what is left; import the image again"},
	{ErrNoStore, "import an image first"},
	{ErrInUse, "end the jails that run on it, and import it again"},
	{filelock.ErrBusy, "another jail works on the store; try again"},
	{unix.ENOSPC, "free space on the store's file system: jail image gc"},
	{unix.EDQUOT, "free space of yours on the store's file system: jail image gc"},
	{unix.EACCES, "set JAIL_STORE to a folder of your own"},
	{unix.EROFS, "set JAIL_STORE to a folder that can be written to"},
}

// fail makes the Error of what could not be done, unless err is one.
func (s *Store) fail(op, object string, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	todo, cause := hints.Of(err)
	return &Error{Op: op, Object: object, Err: cause, Hint: todo}
}
