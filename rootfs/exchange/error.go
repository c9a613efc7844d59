package exchange

import "strconv"

// Error says what could not be done, to what, why, and what to do.
type Error struct {
	Op     string // "open", "list", "make folder", "create", "copy", "read the pattern"
	Object string // the path
	Err    error  // a Fault, an error of package safepath's, the kernel's errno or the context's
	Hint   string
}

func (e *Error) Error() string {
	s := e.Op + " " + printable(e.Object) + ": " + e.Err.Error()
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
		if !strconv.IsPrint(r) || r == '�' {
			return strconv.Quote(s)
		}
	}
	return s
}

// Fault is a cause that is not the kernel's.
type Fault string

func (f Fault) Error() string { return string(f) }

// The faults of this package, for errors.Is.
const (
	ErrTooLarge   Fault = "is larger than may be copied"
	ErrTooMany    Fault = "has more names than may be copied"
	ErrTooDeep    Fault = "lies deeper than may be copied"
	ErrBadPath    Fault = "is no path beneath the tree"
	ErrBadPattern Fault = "is no pattern"
	ErrBadLimit   Fault = "is less than nothing"
	ErrNoMatch    Fault = "matches nothing"
	ErrOneFile    Fault = "is not one file"
	ErrLinkOut    Fault = "is a symbolic link"
	ErrExists     Fault = "exists already"
)

// Code is what a copy failed of, for who maps it to names of his own.
type Code string

// The codes.
const (
	NotFound     Code = "not-found"
	NotRegular   Code = "not-regular" // a folder where a file is needed, a FIFO, a socket, a device
	IsLink       Code = "is-link"
	TooLarge     Code = "too-large"
	TooMany      Code = "too-many" // also: too deep
	BadRequest   Code = "bad-request"
	Stopped      Code = "stopped" // the context ended
	OpenFailed   Code = "open-failed"
	FolderFailed Code = "folder-failed"
	CreateFailed Code = "create-failed"
	CopyFailed   Code = "copy-failed"
)
