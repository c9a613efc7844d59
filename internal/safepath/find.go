package safepath

import (
	"os"

	"golang.org/x/sys/unix"
)

// Follow says whether a symbolic link may be followed, by the folder that it
// lies in: its path, which has no links, and what it is.
type Follow func(folder string, st *unix.Stat_t) bool

// Find opens what path names, be it a folder, a file or anything else, as an
// O_PATH descriptor: it gives a place, and no right to read. What is done with
// the descriptor is then done with what was judged, whatever the path comes to
// mean.
//
// A link is followed, also as the last name, if nobody but the caller and root
// can have placed it, and may, unless it is nil, says so too. One of /proc is
// never followed.
//
// The error is an *Error, with a Refusal or the kernel's errno.
func Find(path string, may Follow) (*os.File, error) {
	fd, err := find(path, may)
	if err != nil {
		return nil, fail(finding, path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// find needs one call where there is no link and no turn back, but for what is
// no folder. A folder is opened as one, which makes an automounter mount it.
func find(path string, may Follow) (int, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS}
	if turnsBack(path) {
		return findByWalk(path, may)
	}
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &how)
	if err == unix.ENOTDIR {
		how.Flags &^= unix.O_DIRECTORY
		fd, err = unix.Openat2(unix.AT_FDCWD, path, &how)
	}
	if err == nil {
		return fd, nil
	}
	return findByWalk(path, may)
}

func findByWalk(path string, may Follow) (int, error) {
	w := walker{dir: -1, rest: path, last: followToAny, may: may}
	s, err := w.walk()
	if err != nil {
		return -1, err
	}
	defer unix.Close(s.dir)
	if !s.exists {
		return -1, unix.ENOENT
	}
	return s.place()
}

// place opens the name itself, which was no link when it was looked at.
func (s *spot) place() (int, error) {
	flags := unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC
	if s.st.Mode&unix.S_IFMT == unix.S_IFDIR {
		flags |= unix.O_DIRECTORY
	}
	fd, err := unix.Openat(s.dir, s.name, flags, 0)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
		err = Changed
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
