// Package safepath opens host files whose paths may be tampered with: those
// that jail writes for its caller, and those in a jail's own tree. It takes
// regular files only, never waits, and follows no link that another user could
// have made, whatever the host's fs.protected_* sysctls say.
package safepath

import (
	"errors"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

const (
	writing = "open for writing"
	reading = "open for reading"
	below   = "open beneath"
	finding = "find"
)

// attempts bounds the retries when the last name is made or removed while it is
// opened; whoever does that on purpose gets Changed.
const attempts = 3

// OpenOutput opens path for writing, empty: a regular file with one name, made
// with mode 0644 less the umask if it is missing, or a null device. A link as
// the last name is refused, and so is a file that another user left in a folder
// like /tmp. A link on the way is followed as Find would. Nothing is truncated
// before it is known to be such a file.
//
// The error is an *Error, with a Refusal or the kernel's errno.
func OpenOutput(path string, may Follow) (*os.File, error) {
	return openTo(path, may, manner{flags: unix.O_WRONLY, mode: 0o644, empty: true})
}

// OpenKept opens path as OpenOutput does, but for reading too, and keeps what is
// in it. It takes no device, and what it makes has mode 0600: who may read a
// file may lock it.
func OpenKept(path string, may Follow) (*os.File, error) {
	return openTo(path, may, manner{flags: unix.O_RDWR, mode: 0o600})
}

// manner is how a file is opened for writing.
type manner struct {
	flags int
	mode  uint32 // of what is made, less the umask
	empty bool
}

func openTo(path string, may Follow, m manner) (*os.File, error) {
	for range attempts {
		s, err := locate(path, refuseLink, may)
		if err != nil {
			return nil, fail(writing, path, err)
		}
		fd, err := s.write(m)
		unix.Close(s.dir)
		if err == unix.EEXIST || err == unix.ENOENT || err == Changed {
			continue
		}
		if err != nil {
			return nil, fail(writing, path, err)
		}
		return os.NewFile(uintptr(fd), path), nil
	}
	return nil, fail(writing, path, Changed)
}

// OpenInput opens path for reading: a regular file, or a null device. A link
// is followed as Find would, also as the last name. A FIFO is refused, since its open waits for a writer, or without waiting reads
// as empty; the caller's shell can open it.
//
// The error is an *Error, with a Refusal or the kernel's errno.
func OpenInput(path string, may Follow) (*os.File, error) {
	s, err := locate(path, followLink, may)
	if err != nil {
		return nil, fail(reading, path, err)
	}
	defer unix.Close(s.dir)
	if err := s.readable(); err != nil {
		return nil, fail(reading, path, err)
	}
	fd, err := s.open(unix.O_RDONLY)
	if err != nil {
		return nil, fail(reading, path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// readable judges the file before it is opened: the open of a device may act.
// In a folder that others write to, a second name may be a theft of a file that
// they could not read themselves.
func (s *spot) readable() error {
	switch {
	case !s.exists:
		return unix.ENOENT
	case isNull(&s.st):
		return nil
	case s.st.Mode&unix.S_IFMT != unix.S_IFREG:
		return kindOf(&s.st)
	case s.st.Nlink != 1 && shared(&s.folder):
		return HardLink
	}
	return nil
}

// write opens the file that s found, or makes it, which must then be new.
func (s *spot) write(m manner) (int, error) {
	if !s.exists {
		return openat(s.dir, s.name, m.flags|unix.O_CREAT|unix.O_EXCL, m.mode)
	}
	if err := s.writable(); err != nil {
		return -1, err
	}
	if !m.empty && isNull(&s.st) {
		return -1, Device
	}
	fd, err := s.open(m.flags)
	if err != nil || !m.empty || isNull(&s.st) {
		return fd, err
	}
	if err := unix.Ftruncate(fd, 0); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (s *spot) writable() error {
	switch {
	case isNull(&s.st):
		return nil
	case s.st.Mode&unix.S_IFMT != unix.S_IFREG:
		return kindOf(&s.st)
	case s.st.Nlink != 1:
		return HardLink
	case IsForeign(&s.folder, &s.st):
		return Foreign
	}
	return nil
}

// open opens the very file that was judged, and judges what it got once more.
func (s *spot) open(flags int) (int, error) {
	fd, err := openat(s.dir, s.name, flags, 0)
	if err == unix.ELOOP || err == unix.ENXIO {
		return -1, Changed
	}
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && (st.Dev != s.st.Dev || st.Ino != s.st.Ino || st.Mode&unix.S_IFMT != s.st.Mode&unix.S_IFMT || st.Nlink != s.st.Nlink) {
		err = Changed
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// openat never waits, follows no link, and takes no terminal. O_NONBLOCK is
// cleared again: it means nothing to a regular file, and the descriptor may
// become a program's own.
func openat(dir int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, mode)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1, err
		}
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, 0); err != nil {
			unix.Close(fd)
			return -1, err
		}
		return fd, nil
	}
}

// isNull knows the null device by its number, under whatever name.
func isNull(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == unix.Mkdev(1, 3)
}

func kindOf(st *unix.Stat_t) error { return Kind(st.Mode) }

// Kind is the refusal of what is no regular file, by its st_mode.
func Kind(mode uint32) Refusal {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return Directory
	case unix.S_IFIFO:
		return FIFO
	case unix.S_IFSOCK:
		return Socket
	case unix.S_IFLNK:
		return SymbolicLink
	}
	return Device
}

// fail makes the Error of an operation's cause.
func fail(op, object string, err error) error {
	e := &Error{Op: op, Object: object, Err: err}
	var c *cause
	if errors.As(err, &c) {
		e.Err, e.Detail = c.err, c.detail
		if trailing, same := c.detail, path.Clean(object); trailing == same || trailing == object {
			e.Detail = "" // the object says it already
		}
	}
	e.Hint = hint(op, e.Err)
	return e
}

// errnoHint says what to do about the kernel's own refusals.
func errnoHint(op string, err error) string {
	switch err {
	case unix.ENOENT:
		if op == writing {
			return "make its folder first"
		}
	case unix.EACCES, unix.EPERM:
		return "check the owner and mode of the file and its folders"
	case unix.EROFS:
		return "name a file on a writable filesystem"
	case unix.ENOSPC, unix.EDQUOT:
		return "free space or inodes on its filesystem"
	case unix.ENOTDIR:
		return "a name before the last is no folder"
	case unix.ELOOP:
		return "its links lead in a circle"
	}
	return "check the path"
}
