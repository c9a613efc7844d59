package rootfs

import (
	"cmp"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Stack is the lower layers of an overlay as folders of the host, the topmost first.
// It answers what the overlay would show, without one.
type Stack []string

// Lstat looks at a path of the overlay. It follows no link: ELOOP is one on the way.
func (s Stack) Lstat(path string) (st unix.Stat_t, err error) {
	err = s.find(path, func(dirfd int, name string) error {
		return unix.Fstatat(dirfd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	return st, err
}

// Open opens a regular file of the overlay for reading. It follows no link; what is no
// file is EINVAL.
func (s Stack) Open(path string) (f *os.File, err error) {
	err = s.find(path, func(dirfd int, name string) error {
		f, err = openRegular(dirfd, name)
		return err
	})
	return f, err
}

// Readlink reads a link of the overlay.
func (s Stack) Readlink(path string) (target string, err error) {
	err = s.find(path, func(dirfd int, name string) error {
		target, err = ReadlinkAt(dirfd, name)
		return err
	})
	return target, err
}

// openRegular opens a name that is a regular file.
func openRegular(dirfd int, name string) (*os.File, error) {
	fd, err := unix.Openat(dirfd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return nil, cmp.Or(err, error(unix.EINVAL))
	}
	return os.NewFile(uintptr(fd), name), nil
}

// ReadlinkAt reads where a link in a folder leads, readlinkat(2).
func ReadlinkAt(dirfd int, name string) (string, error) {
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(dirfd, name, buf[:])
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// find calls look in the topmost layer that has the path.
func (s Stack) find(path string, look func(dirfd int, name string) error) error {
	for _, dir := range s {
		more, err := inLayer(dir, strings.Trim(path, "/"), look)
		if err != unix.ENOENT || !more {
			return err
		}
	}
	return unix.ENOENT
}

// inLayer walks to a path in one layer. more says whether the layers below may have
// what this one lacks: they may not where it has taken the path away, or has a folder
// that covers theirs.
func inLayer(layer, path string, look func(int, string) error) (more bool, err error) {
	at, err := unix.Open(layer, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, &os.PathError{Op: "open", Path: layer, Err: err}
	}
	defer func() { unix.Close(at) }()
	more = true
	for {
		name, rest, deeper := strings.Cut(path, "/")
		if name == "" {
			name = "."
		}
		var st unix.Stat_t
		if err := unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return more, err
		}
		switch {
		case IsWhiteout(&st):
			return false, unix.ENOENT
		case !deeper:
			return false, look(at, name)
		case st.Mode&unix.S_IFMT == unix.S_IFLNK:
			return false, unix.ELOOP
		case st.Mode&unix.S_IFMT != unix.S_IFDIR:
			return false, unix.ENOTDIR
		}
		next, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return false, err
		}
		unix.Close(at)
		at, path = next, rest
		more = more && !IsOpaque(at)
	}
}

// IsWhiteout knows the mark of what an upper layer has taken away (kernel,
// filesystems/overlayfs).
func IsWhiteout(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0
}

// IsOpaque knows the mark of a folder that covers those of the layers below.
func IsOpaque(fd int) bool {
	var v [1]byte
	n, err := unix.Fgetxattr(fd, "user.overlay.opaque", v[:])
	return err == nil && n == 1 && v[0] == 'y'
}

// mostLinks is how many links the kernel follows: path_resolution(7).
const mostLinks = 40

// Stat looks at what a path of the overlay leads to, all its links followed within it.
func (s Stack) Stat(path string) (st unix.Stat_t, err error) {
	at, rest := "/", path
	for links := 0; ; {
		var name string
		name, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		if name == "" {
			return s.Lstat(at)
		}
		switch name {
		case ".":
			continue
		case "..":
			at, _ = split(at)
			continue
		}
		next := join(at, name)
		if st, err = s.Lstat(next); err != nil {
			return st, err
		}
		if st.Mode&unix.S_IFMT != unix.S_IFLNK {
			at = next
			continue
		}
		if links++; links > mostLinks {
			return st, unix.ELOOP
		}
		target, err := s.Readlink(next)
		if err != nil {
			return st, err
		}
		if strings.HasPrefix(target, "/") {
			at = "/"
		}
		rest = target + "/" + rest
	}
}
