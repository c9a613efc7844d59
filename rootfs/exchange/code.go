package exchange

import (
	"context"
	"errors"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
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

// Code is the first row that holds: the causes that say it all, and then what
// was being done.
func (e *Error) Code() Code {
	for _, r := range codes {
		if (r.op == "" || r.op == e.Op) && (r.err == nil || errors.Is(e.Err, r.err)) {
			return r.code
		}
	}
	return CopyFailed
}

var codes = [...]struct {
	op   string
	err  error
	code Code
}{
	{"", context.Canceled, Stopped},
	{"", context.DeadlineExceeded, Stopped},
	{"", ErrTooLarge, TooLarge},
	{"", ErrTooMany, TooMany},
	{"", ErrTooDeep, TooMany},
	{"", ErrBadPath, BadRequest},
	{"", ErrBadPattern, BadRequest},
	{"", ErrBadLimit, BadRequest},
	{"", ErrNotOne, BadRequest},
	{"", ErrNoMatch, NotFound},
	{opening, unix.ENOENT, NotFound},
	{opening, safepath.SymbolicLink, IsLink},
	{opening, ErrLinkOut, IsLink},
	{opening, safepath.Directory, NotRegular},
	{opening, safepath.FIFO, NotRegular},
	{opening, safepath.Socket, NotRegular},
	{opening, safepath.Device, NotRegular},
	{opening, ErrNotFile, NotRegular},
	{opening, nil, OpenFailed},
	{listing, nil, OpenFailed},
	{making, nil, FolderFailed},
	{creating, nil, CreateFailed},
	{copying, nil, CopyFailed},
}

// The operations.
const (
	opening  = "open"
	listing  = "list"
	making   = "make the folder"
	creating = "create"
	copying  = "copy"
	reading  = "read the path"
)
