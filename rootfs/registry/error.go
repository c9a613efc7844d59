package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Error says what could not be done, with what, why, and what to do.
type Error struct {
	Op     string // "read the reference", "fetch the manifest of", "fetch the blob", "write the layout"
	Object string // a reference, a digest, a folder
	Err    error  // a Fault, the registry's answer, or the cause in the network or file system
	Hint   string
}

func (e *Error) Error() string {
	s := e.Op + " " + printable(e.Object) + ": " + printable(e.Err.Error())
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// printable takes control characters out: the words may be a registry's.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// Fault is a cause of our own.
type Fault string

func (f Fault) Error() string { return string(f) }

// The faults of this package, for errors.Is.
const (
	ErrReference Fault = "is no reference of an image"
	ErrPlainHTTP Fault = "is not on the loopback, so it is not spoken to without TLS"
	ErrPlatform  Fault = "has no image for the platform"
	ErrSchema1   Fault = "is of the first schema, which names no content by its digest"
	ErrForeign   Fault = "has a layer that is kept elsewhere"
	ErrMediaType Fault = "is of a kind that is not known"
	ErrManifest  Fault = "is no manifest of an image"
	ErrDigest    Fault = "is not what its digest says"
	ErrSize      Fault = "is not as long as its manifest says"
	ErrTooLarge  Fault = "is larger than may be fetched"
	ErrStalled   Fault = "came no further"
	ErrNotEmpty  Fault = "has an image already"
	ErrBadLimit  Fault = "is less than nothing"
)

var hints = map[Fault]string{
	ErrReference: "write NAME, NAME:TAG or NAME@sha256:…, as registry.example/team/app:1.2",
	ErrPlainHTTP: "give the registry a certificate",
	ErrSchema1:   "push the image anew with a program of this decade",
	ErrForeign:   "push the image with all its layers",
	ErrMediaType: "name an image of OCI or Docker's second schema, with layers of tar, gzip or zstd",
	ErrManifest:  "push the image anew",
	ErrDigest:    "the registry or one between is at fault; try another",
	ErrSize:      "the registry or one between is at fault; try another",
	ErrTooLarge:  "raise the limit, or name a smaller image",
	ErrStalled:   "check the network, and try again",
	ErrNotEmpty:  "name an empty folder",
	ErrBadLimit:  "0 stands for the default",
}

// answers says what to do about a registry's status.
var answers = map[int]string{
	http.StatusUnauthorized:    "log in (docker login), or check the name: many registries say so of what there is not",
	http.StatusForbidden:       "log in (docker login) as who may read it",
	http.StatusNotFound:        "check the name and the tag",
	http.StatusTooManyRequests: "wait, or log in for a higher limit",
}

func fail(op, object string, err error) error {
	return &Error{Op: op, Object: object, Err: err, Hint: hint(err)}
}

func hint(err error) string {
	var f Fault
	var answer *transport.Error
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &f):
		return hints[f]
	case errors.As(err, &answer):
		return answers[answer.StatusCode]
	case errors.As(err, &plain), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "it has no TLS: one on the loopback may be allowed that"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ""
	}
	return "check the network, and try again"
}
