package layer

import (
	"errors"
	"strconv"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/internal/hint"
	"golang.org/x/sys/unix"
)

// Error says what could not be done with an archive or a layer, with which of its
// entries, why, and what to do.
type Error struct {
	Op     string // "unpack", "pack", "replay", "verify", "confine"
	Object string // the entry's name, or what else it is about
	Err    error  // a Fault, or a cause of the kernel's or a decompressor's
	Hint   string
}

func (e *Error) Error() string {
	s := e.Op
	if e.Object != "" {
		s += " " + printable(e.Object)
	}
	s += ": " + e.Err.Error()
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
	ErrFormat      Fault = "is no archive that can be unpacked"
	ErrMediaType   Fault = "is no media type of a layer"
	ErrHeader      Fault = "has a header that is not well-formed"
	ErrTruncated   Fault = "ends too early"
	ErrTrailing    Fault = "goes on after its end"
	ErrCompression Fault = "can't be decompressed"
	ErrDigest      Fault = "does not have the digest that was expected"
	ErrTooMany     Fault = "has too many entries"
	ErrTooLarge    Fault = "is too large"
	ErrRatio       Fault = "grows too much when it is decompressed"
	ErrTooDeep     Fault = "has too many names in its path"
	ErrHeaders     Fault = "has too large headers"

	ErrName         Fault = "has a name that no file can have"
	ErrAbsolute     Fault = "has an absolute path"
	ErrClimbs       Fault = "has .. in its path"
	ErrThroughLink  Fault = "lies below a symbolic link"
	ErrThroughFile  Fault = "lies below something that is no folder"
	ErrDuplicate    Fault = "has a name that another entry has"
	ErrDevice       Fault = "is a device"
	ErrFIFO         Fault = "is a FIFO"
	ErrType         Fault = "is of a type that no layer has"
	ErrWhiteout     Fault = "is no valid whiteout"
	ErrTarget       Fault = "has a target that no link can have"
	ErrLinkOutside  Fault = "is a hard link that leads out of the layer"
	ErrLinkNowhere  Fault = "is a hard link to what the layer does not have"
	ErrLinkToFolder Fault = "is a hard link to what is no file"
	ErrAttribute    Fault = "has an attribute that would change what an overlay shows"
	ErrOwner        Fault = "has an owner that no file can have"
	ErrTime         Fault = "has a time that no file can have"
	ErrSize         Fault = "has a size that no file can have"
	ErrGlobal       Fault = "changes the entries after it"

	ErrNotEmpty  Fault = "holds something already"
	ErrSkeleton  Fault = "is damaged"
	ErrMissing   Fault = "is missing"
	ErrUnknown   Fault = "is in no archive"
	ErrDiffers   Fault = "is not as the archive says"
	ErrChanged   Fault = "was changed while it was read"
	ErrReserved  Fault = "has a name that would be taken for a whiteout"
	ErrNoWalls   Fault = "can't be confined"
	ErrNoProgram Fault = "there is no unpacker"
	ErrUnpacker  Fault = "the unpacker failed"
)

// caused is a fault with what brought it up.
type caused struct {
	Fault
	cause error
}

func (c caused) Error() string { return c.Fault.Error() + " (" + c.cause.Error() + ")" }

func (c caused) Unwrap() []error { return []error{c.Fault, c.cause} }

// hints say what to do about a cause.
var hints = hint.Table{
	{ErrFormat, "give a tar archive, plain or compressed by gzip or zstd"},
	{ErrMediaType, "images have layers of tar, plain or compressed by gzip or zstd"},
	{ErrTruncated, "get it again"},
	{ErrDigest, "get it again, from a source that you trust"},
	{ErrTooMany, "raise the limit if you trust it"},
	{ErrTooLarge, "raise the limit if you trust it"},
	{ErrRatio, "raise the limit if you trust it"},
	{ErrNotEmpty, "unpack into an empty folder"},
	{ErrSkeleton, "import the image again"},
	{ErrReserved, "have the program call it otherwise"},
	{ErrChanged, "stop what writes to it, and try again"},
	{ErrNoProgram, "put jaild beside this program, or into a folder of PATH"},
	{unix.ENOSPC, "free space on the file system"},
	{unix.EDQUOT, "free space of yours on the file system"},
	{unix.EOPNOTSUPP, "the file system has no extended attributes; use another"},
}

// refuse makes the Error of what is wrong with an entry, unless err is one.
func refuse(op, object string, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	todo, cause := hints.Of(err)
	return &Error{Op: op, Object: object, Err: cause, Hint: todo}
}

// printable quotes and shortens what would not read as one word.
func printable(s string) string {
	const most = 200
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "…"
	}
	return escape.Name(s)
}
