package layer

import (
	"archive/tar"
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// dress sets what an entry says of the file name in the folder in: owner, mode,
// attributes and time, in this order, for each but the last changes what comes
// before or after. fd is the file itself, -1 for a symbolic link.
func (t *tree) dress(e item, in int, name string, fd int) error {
	if t.owners && (e.Uid != 0 || e.Gid != 0) {
		if err := unix.Fchownat(in, name, e.Uid, e.Gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
	}
	if fd >= 0 {
		if err := unix.Fchmod(fd, t.mode(e)); err != nil {
			return err
		}
		if err := setAttributes(e, fd); err != nil {
			return err
		}
	}
	return unix.UtimesNanoAt(in, name, times(e), unix.AT_SYMLINK_NOFOLLOW)
}

const (
	permissions = 0o777
	stickyAndID = 0o7000
)

// mode is what is set on the disk. Set-uid and set-gid of a file mean nothing where
// programs gain no privileges, and would be a danger to the host; a folder keeps
// them. Who can't give files away must be able to read what he stores.
func (t *tree) mode(e item) uint32 {
	m := uint32(e.Mode) & permissions // #nosec G115 -- twelve bits of it
	if e.Typeflag == tar.TypeDir {
		m |= uint32(e.Mode) & stickyAndID // #nosec G115 -- as above
	}
	if !t.owners {
		m |= 0o400
		if e.Typeflag == tar.TypeDir {
			m |= 0o100
		}
	}
	return m
}

// setAttributes sets those of the users' space alone.
func setAttributes(e item, fd int) error {
	for k, v := range e.PAXRecords {
		name, is := strings.CutPrefix(k, xattrRecord)
		if !is || !strings.HasPrefix(name, userSpace) {
			continue
		}
		if err := unix.Fsetxattr(fd, name, []byte(v), 0); err != nil {
			if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.E2BIG) || errors.Is(err, unix.ERANGE) {
				return &Error{Op: "set " + printable(name) + " of", Object: e.Name, Err: err, Hint: "the file system has no room for so large an attribute"}
			}
			return err
		}
	}
	return nil
}

// dropAttributes takes off what an earlier entry of the same folder has set.
func dropAttributes(e item, fd int) error {
	names, err := attributes(fd)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, has := e.PAXRecords[xattrRecord+name]; has || name == opaqueXattr || !strings.HasPrefix(name, userSpace) {
			continue
		}
		if err := unix.Fremovexattr(fd, name); err != nil {
			return err
		}
	}
	return nil
}

// attributes lists the names of a file's attributes; none where it can't have any.
func attributes(fd int) ([]string, error) {
	n, err := unix.Flistxattr(fd, nil)
	if n <= 0 || err == unix.EOPNOTSUPP {
		return nil, ignore(err, unix.EOPNOTSUPP)
	}
	buf := make([]byte, n)
	if n, err = unix.Flistxattr(fd, buf); err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(buf[:n]), func(r rune) bool { return r == 0 }), nil
}

func ignore(err, what error) error {
	if err == what {
		return nil
	}
	return err
}

// times are an entry's, for utimensat(2): no entry's access time is kept.
func times(e item) []unix.Timespec {
	t := unix.Timespec{Sec: e.ModTime.Unix(), Nsec: int64(e.ModTime.Nanosecond())}
	return []unix.Timespec{t, t}
}
