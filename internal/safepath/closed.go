package safepath

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Opened is a file or a folder on which its owner has the rights, until it is closed,
// that it was opened with. One of a File alone is that, as it is.
type Opened struct {
	*os.File
	mode, raised uint32 // it had, and has for as long as it is open
	lower        bool   // its owner had fewer rights on it
}

// OpenFolder opens a name as a folder of the caller's own tree, in which a program was at
// work: also one that it has closed to its owner, as by mkdir with mode 0. The owner's
// rights are 0500 to look into it, 0700 to change it too. It follows no link. The folder
// has its own mode again once it is closed. The error is the kernel's errno.
func OpenFolder(dirfd int, name string, rights uint32) (*Opened, error) {
	p, err := findPlace(dirfd, name, unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(p.fd)
	return p.opened(name, rights, unix.O_DIRECTORY)
}

// OpenFile opens a name for reading as a regular file of such a tree, as OpenFolder does a
// folder. What is no regular file is EINVAL, and a link ELOOP.
func OpenFile(dirfd int, name string) (*Opened, error) {
	p, err := findPlace(dirfd, name, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(p.fd)
	switch p.st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return p.opened(name, 0o400, 0)
	case unix.S_IFLNK:
		return nil, unix.ELOOP
	}
	return nil, unix.EINVAL
}

// Close gives it back as it was, unless its mode was changed meanwhile.
func (f *Opened) Close() error {
	var st unix.Stat_t
	if f.lower && unix.Fstat(int(f.Fd()), &st) == nil && st.Mode&0o7777 == f.raised {
		_ = unix.Fchmod(int(f.Fd()), f.mode) // it may be gone
	}
	return f.File.Close()
}

// Raise gives the owner the rights again that a program has taken meanwhile. Close takes
// them only where they were lacking from the first.
func (f *Opened) Raise() { _ = unix.Fchmod(int(f.Fd()), f.raised) }

// place is what a name leads to, whatever is renamed.
type place struct {
	fd int // O_PATH
	st unix.Stat_t
}

func findPlace(dirfd int, name string, flags int) (p place, err error) {
	if p.fd, err = unix.Openat(dirfd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC|flags, 0); err != nil {
		return p, err
	}
	if err = unix.Fstat(p.fd, &p.st); err != nil {
		unix.Close(p.fd)
	}
	return p, err
}

// path leads to it by its descriptor: fchmod(2) and openat(2) take none of O_PATH.
func (p *place) path() string { return "/proc/self/fd/" + strconv.Itoa(p.fd) }

func (p *place) open(flags int) (int, error) {
	return unix.Open(p.path(), unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
}

func (p *place) chmod(mode uint32) error { return unix.Chmod(p.path(), mode) }

// opened opens it with the owner's rights on it. Root has them whatever the mode is, which
// then stays: who is killed can't give it back.
func (p *place) opened(name string, rights uint32, flags int) (*Opened, error) {
	f := &Opened{mode: p.st.Mode & 0o7777}
	f.raised = f.mode | rights
	lacks := f.raised != f.mode
	fd, err := -1, error(unix.EACCES)
	if !lacks || os.Geteuid() == 0 {
		fd, err = p.open(flags)
	}
	if lacks && err == unix.EACCES {
		fd, err = p.raised(f.mode, f.raised, flags)
		f.lower = true
	}
	if err != nil {
		return nil, err
	}
	f.File = os.NewFile(uintptr(fd), name)
	return f, nil
}

// raised opens it with another mode, which stays unless that fails.
func (p *place) raised(mode, raised uint32, flags int) (int, error) {
	if err := p.chmod(raised); err != nil {
		return -1, err
	}
	fd, err := p.open(flags)
	if err != nil {
		_ = p.chmod(mode) // it is as it was
	}
	return fd, err
}
