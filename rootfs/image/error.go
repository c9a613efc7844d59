package image

import (
	"errors"

	"github.com/jailrun/jail/internal/escape"
	"github.com/jailrun/jail/internal/hint"
	"github.com/jailrun/jail/rootfs/layer"
	"github.com/jailrun/jail/rootfs/store"
)

// Error says what could not be done with an image, why, and what to do.
type Error struct {
	Op     string // "import", "export", "verify", "sign"
	Object string // the file or folder, or the part of it
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
	ErrKind       Fault = "is no image"
	ErrCompressed Fault = "is a compressed archive of an image"
	ErrJSON       Fault = "is not well-formed"
	ErrLarge      Fault = "is too large"
	ErrMediaType  Fault = "has a media type that is not known"
	ErrDigest     Fault = "does not have its digest"
	ErrSize       Fault = "does not have the size that the manifest says"
	ErrMissing    Fault = "is missing"
	ErrPlatform   Fault = "is for other machines"
	ErrSeveral    Fault = "has more than one image"
	ErrNoRef      Fault = "has no image of that name"
	ErrLayers     Fault = "has not as many layers as its configuration says"
	ErrAccounts   Fault = "names other users than its layers do"
	ErrUnsigned   Fault = "is not signed"
	ErrSignature  Fault = "is not signed by that key"
	ErrKey        Fault = "is not a key"
	ErrDuplicate  Fault = "has two files of one name"
	ErrChanged    Fault = "was changed while it was read"
	ErrDamaged    Fault = "is damaged"
)

var hints = hint.Table{
	{ErrKind, "name an OCI layout, what docker save has written, an archive of a root file system, plain or compressed by gzip or zstd, or a folder with one"},
	{ErrCompressed, "decompress it first: gzip -d, zstd -d"},
	{ErrDigest, "get it again, from a source that you trust"},
	{ErrSize, "get it again, from a source that you trust"},
	{ErrMissing, "get it again"},
	{ErrUnsigned, "have it signed by jail image sign, with the key that is given"},
	{ErrSignature, "name the public key of whoever has signed it, or don't trust it"},
	{ErrKey, "name the .pub that jail audit key has made"},
}

// fail makes the Error of what could not be done, unless err is one of ours.
func fail(op, object string, err error) error {
	var e *Error
	var s *store.Error
	var l *layer.Error
	if err == nil || errors.As(err, &e) || errors.As(err, &s) || errors.As(err, &l) {
		return err
	}
	todo, cause := hints.Of(err)
	return &Error{Op: op, Object: object, Err: cause, Hint: todo}
}
