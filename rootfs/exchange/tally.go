package exchange

import (
	"errors"

	"github.com/jailrun/jail/internal/size"
)

// A tally keeps what is left of the limits, and the report.
type tally struct {
	left   Limits
	report Report
	room   int // bytes of names that the report's lists may still hold
	buffer []byte
}

// listed bounds the lists of a report: the names are the program's.
const listed = 8 << 20

func newTally(l Limits) (*tally, error) {
	l, err := l.filled()
	if err != nil {
		return nil, err
	}
	return &tally{left: l, room: listed}, nil
}

// errCut ends a copy that may be cut.
const errCut Fault = "is cut here"

// over is what a limit says that was met at path.
func (t *tally) over(op, path string, fault Fault, hint string) error {
	if !t.left.Cut {
		return &Error{Op: op, Object: path, Err: fault, Hint: hint}
	}
	t.report.Truncated = true
	return errCut
}

// one takes one file, folder or link from what may be copied.
func (t *tally) one(path string) error {
	if t.left.Files == 0 {
		return t.over("copy", path, ErrTooMany, "raise the limit of files, or name fewer")
	}
	t.left.Files--
	return nil
}

// bound is how many bytes the next file may have.
func (t *tally) bound() int64 { return int64(min(t.left.Bytes, t.left.FileBytes)) }

// tooLarge is said of a file that is over its bound and may not be cut.
func tooLarge(path string) error {
	return &Error{Op: "copy", Object: path, Err: ErrTooLarge, Hint: "raise the limit of bytes, or make it smaller"}
}

func (t *tally) add(i Item) {
	t.left.Bytes -= size.Bytes(i.Size)
	t.report.Bytes += i.Size
	if i.Kind == File {
		t.report.Files++
	}
	if i.Truncated {
		t.report.Truncated = true
	}
	if t.keep(len(i.Path) + len(i.Target)) {
		t.report.Items = append(t.report.Items, i)
	}
}

// skip lists what was found and can't be copied.
func (t *tally) skip(path string, err error) {
	if t.keep(2 * len(path)) { // the error has the name too
		t.report.Skipped = append(t.report.Skipped, Skip{Path: path, Err: err})
	}
}

func (t *tally) keep(names int) bool {
	const each = 160 // an Item, and an Error with its Skip
	if t.room < names+each {
		t.report.Unlisted++
		return false
	}
	t.room -= names + each
	return true
}

// end gives the report, and what is an error to the caller.
func (t *tally) end(err error) (Report, error) {
	if errors.Is(err, errCut) {
		err = nil
	}
	return t.report, err
}
