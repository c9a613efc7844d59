package result

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Errno is an error number that is written by name: a number means another
// error on another architecture, and little to a reader.
type Errno unix.Errno

// maxErrno is the kernel's bound: err.h, MAX_ERRNO.
const maxErrno = 4095

// Error returns the kernel's text, as "no such file or directory".
func (e Errno) Error() string { return unix.Errno(e).Error() }

// Unwrap gives the plain number, for errors.Is(err, fs.ErrNotExist) and its like.
func (e Errno) Unwrap() error {
	if e == 0 {
		return nil
	}
	return unix.Errno(e)
}

// String returns the name, as "ENOENT", the number where it has none, and ""
// for zero, which is no error.
func (e Errno) String() string {
	if e == 0 {
		return ""
	}
	if name := unix.ErrnoName(unix.Errno(e)); name != "" {
		return name
	}
	return strconv.FormatUint(uint64(e), 10)
}

// MarshalText writes the name.
func (e Errno) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (e *Errno) UnmarshalText(text []byte) error {
	name := string(text)
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		*e = Errno(n)
		return nil
	}
	for n := Errno(0); n <= maxErrno; n++ {
		if n.String() == name {
			*e = n
			return nil
		}
	}
	return &TextError{Op: "read errno", Object: name, Err: errUnknownName}
}

// Word is an argument of a system call, written as a hexadecimal string: a
// JSON reader that takes numbers for floating point would round it.
type Word uint64

// String returns the word as "0x1f".
func (w Word) String() string { return "0x" + strconv.FormatUint(uint64(w), 16) }

// MarshalText writes the hexadecimal form.
func (w Word) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (w *Word) UnmarshalText(text []byte) error {
	digits, ok := strings.CutPrefix(string(text), "0x")
	n, err := strconv.ParseUint(digits, 16, 64)
	if !ok {
		err = errNoPrefix
	}
	if err != nil {
		return &TextError{Op: "read word", Object: string(text), Err: err}
	}
	*w = Word(n)
	return nil
}

var (
	errUnknownName = errors.New("no errno has this name on this architecture")
	errNoPrefix    = errors.New(`a word begins with "0x"`)
)

// TextError says which text of a result could not be read back.
type TextError struct {
	Op     string // "read errno" or "read word"
	Object string // the text
	Err    error
}

func (e *TextError) Error() string {
	return e.Op + " " + strconv.Quote(e.Object) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *TextError) Unwrap() error { return e.Err }
