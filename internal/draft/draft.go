// Package draft writes files that nobody sees before they are whole.
package draft

import (
	"encoding/hex"
	"errors"
	"os"
	"strconv"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// Prefix begins the name of a draft on a file system that can't have files without
// one. Such a draft outlives the process that is killed while it writes.
const Prefix = ".jail-"

// A Draft is a file that is being written.
type Draft struct {
	File *os.File // open for reading and writing
	dir  *os.File
	name string // its temporary name; "": it has none
}

// New makes a file without a name in a folder that is held open, so that nothing
// is left of it whatever ends this process; or one with a temporary name where the
// file system has no O_TMPFILE. Its mode is less the umask. The error is the
// kernel's errno.
func New(dir *os.File, mode os.FileMode) (*Draft, error) {
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, uint32(mode.Perm()))
	if err == unix.EOPNOTSUPP || err == unix.EISDIR || err == unix.EINVAL { // EISDIR: open(2), BUGS
		return named(dir, mode)
	}
	if err != nil {
		return nil, err
	}
	return &Draft{File: os.NewFile(uintptr(fd), "draft"), dir: dir}, nil
}

func named(dir *os.File, mode os.FileMode) (*Draft, error) {
	name, err := temporary()
	if err != nil {
		return nil, err
	}
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(int(dir.Fd()), name, flags, uint32(mode.Perm()))
	if err != nil {
		return nil, err
	}
	return &Draft{File: os.NewFile(uintptr(fd), "draft"), dir: dir, name: name}, nil
}

// temporary is a name that nobody can have made before.
func temporary() (string, error) {
	var b [8]byte
	if _, err := unix.Getrandom(b[:], 0); err != nil {
		return "", err
	}
	return Prefix + hex.EncodeToString(b[:]), nil
}

// Publish gives the draft its name. EEXIST: that is another's.
func (d *Draft) Publish(name string) error {
	if d.name == "" {
		return d.link(name)
	}
	err := unix.Renameat2(d.fd(), d.name, d.fd(), name, unix.RENAME_NOREPLACE)
	if err == unix.EINVAL { // a file system without it
		return unix.Linkat(d.fd(), d.name, d.fd(), name, 0) // Drop takes the other name
	}
	return d.renamed(err)
}

// Replace gives the draft its name, in place of the file that has it. What is no
// regular file is not replaced: a refusal of package safepath's.
func (d *Draft) Replace(name string) error {
	if d.name == "" {
		err := d.link(name)
		if err != unix.EEXIST {
			return err
		}
		if err := d.linkAnywhere(); err != nil {
			return err
		}
	}
	if err := d.replaceable(name); err != nil {
		return err
	}
	return d.renamed(unix.Renameat(d.fd(), d.name, d.fd(), name))
}

// linkAnywhere gives a temporary name, since no call puts a file without one in
// another's place.
func (d *Draft) linkAnywhere() error {
	name, err := temporary()
	if err != nil {
		return err
	}
	if err := d.link(name); err != nil {
		return err
	}
	d.name = name
	return nil
}

func (d *Draft) renamed(err error) error {
	if err == nil {
		d.name = ""
	}
	return err
}

func (d *Draft) fd() int { return int(d.dir.Fd()) }

// link names a file that has no name. By its descriptor it may do who could read
// anything, or made it (6.10); by /proc everybody: open(2), O_TMPFILE.
func (d *Draft) link(name string) error {
	fd := int(d.File.Fd())
	err := unix.Linkat(fd, "", d.fd(), name, unix.AT_EMPTY_PATH)
	if err == unix.ENOENT || err == unix.EPERM {
		err = unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), d.fd(), name, unix.AT_SYMLINK_FOLLOW)
	}
	return err
}

// replaceable says whether a rename may take the place of what has the name.
func (d *Draft) replaceable(name string) error {
	var st unix.Stat_t
	err := unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		return safepath.Kind(st.Mode)
	}
	return err
}

// Drop closes the file, and forgets what was not published.
func (d *Draft) Drop() {
	d.File.Close()
	if d.name != "" {
		_ = unix.Unlinkat(d.fd(), d.name, 0)
	}
}

// ModeOf is what a copy of a file of this st_mode is made with, before the umask.
func ModeOf(mode uint32) os.FileMode {
	if mode&0o111 != 0 {
		return 0o755
	}
	return 0o644
}
