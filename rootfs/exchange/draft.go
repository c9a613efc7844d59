package exchange

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A draft is a file that is being written and has no name that anybody waits for.
type draft struct {
	file *os.File
	dir  *os.File
	name string // its temporary name; "": it has none
}

// newDraft makes a file without a name, so that nothing is left of it whatever
// ends this process; or one with a temporary name where the file system has no
// O_TMPFILE.
func newDraft(dir *os.File, mode os.FileMode) (*draft, error) {
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, uint32(mode.Perm()))
	if err == unix.EOPNOTSUPP || err == unix.EISDIR || err == unix.EINVAL { // EISDIR: open(2), BUGS
		return namedDraft(dir, mode)
	}
	if err != nil {
		return nil, err
	}
	return &draft{file: os.NewFile(uintptr(fd), "draft"), dir: dir}, nil
}

func namedDraft(dir *os.File, mode os.FileMode) (*draft, error) {
	name, err := draftName()
	if err != nil {
		return nil, err
	}
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(int(dir.Fd()), name, flags, uint32(mode.Perm()))
	if err != nil {
		return nil, err
	}
	return &draft{file: os.NewFile(uintptr(fd), "draft"), dir: dir, name: name}, nil
}

// draftName is a name that nobody can have made before.
func draftName() (string, error) {
	var b [8]byte
	if _, err := unix.Getrandom(b[:], 0); err != nil {
		return "", err
	}
	name := []byte(".jail-")
	for _, c := range b {
		name = strconv.AppendUint(name, uint64(c)|0x100, 16)
	}
	return string(name), nil
}

// publish gives the draft its name. EEXIST: there is one already that may not be
// replaced, or is no file.
func (d *draft) publish(name string, replace bool) error {
	if d.name == "" {
		err := d.link(name)
		if err != unix.EEXIST || !replace {
			return err
		}
		if d.name, err = draftName(); err != nil {
			return err
		}
		if err = d.link(d.name); err != nil {
			d.name = ""
			return err
		}
	}
	return d.rename(name, replace)
}

// link names a file that has no name. By its descriptor it may do who could read
// anything, or made it (6.10); by /proc everybody: open(2), O_TMPFILE.
func (d *draft) link(name string) error {
	fd := int(d.file.Fd())
	err := unix.Linkat(fd, "", int(d.dir.Fd()), name, unix.AT_EMPTY_PATH)
	if err == unix.ENOENT || err == unix.EPERM {
		err = unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), int(d.dir.Fd()), name, unix.AT_SYMLINK_FOLLOW)
	}
	return err
}

func (d *draft) rename(name string, replace bool) error {
	dir := int(d.dir.Fd())
	if replace {
		if err := replaceable(dir, name); err != nil {
			return err
		}
		err := unix.Renameat(dir, d.name, dir, name)
		if err == nil {
			d.name = ""
		}
		return err
	}
	err := unix.Renameat2(dir, d.name, dir, name, unix.RENAME_NOREPLACE)
	if err == unix.EINVAL { // a file system without it
		return unix.Linkat(dir, d.name, dir, name, 0) // drop takes the other name
	}
	if err == nil {
		d.name = ""
	}
	return err
}

// replaceable says whether a rename may take the place of what has the name.
func replaceable(dir int, name string) error {
	var st unix.Stat_t
	err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = kindOf(st.Mode & unix.S_IFMT)
	}
	return err
}

// drop forgets what was not published.
func (d *draft) drop() {
	d.file.Close()
	if d.name != "" {
		_ = unix.Unlinkat(int(d.dir.Fd()), d.name, 0)
	}
}
