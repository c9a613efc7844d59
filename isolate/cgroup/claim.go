package cgroup

import (
	"time"

	"golang.org/x/sys/unix"
)

// A jail gc holds a lock for as long as it takes to see that nobody is inside,
// and to remove what it has locked.
const (
	claims     = 50
	claimPause = time.Millisecond
)

// claim makes a directory of a name that is ours alone, and locks it. Before it
// is locked a jail gc in another pid namespace, where the owner's number is
// nobody's, may take it for left behind: it holds the lock then, or has removed
// the directory, which is made again. Made says whether one may be there; a seat
// may have been before.
func (t *tree) claim(name string, made bool) (fd int, nowMade bool, err error) {
	path := t.path + "/" + name
	for range claims {
		if err = unix.Mkdirat(t.fd, name, groupMode); err != nil && (err != unix.EEXIST || !made) {
			return -1, made, fail("mkdir", path, err)
		}
		made = true
		fd, err = openLocked(t.fd, name)
		if err == nil && isAt(fd, t.fd, name) {
			return fd, made, nil
		}
		switch err {
		case nil:
			unix.Close(fd)
			err = unix.ENOENT
		case ErrHeld:
			time.Sleep(claimPause)
		case unix.ENOENT:
		default:
			return -1, made, fail("lock", path, err)
		}
	}
	return -1, made, fail("lock", path, err)
}

// isAt says whether a descriptor is that of what has a name now. Its lock is
// worth nothing when the directory was removed before it was taken.
func isAt(fd, dir int, name string) bool {
	var ours, named unix.Stat_t
	return unix.Fstat(fd, &ours) == nil && unix.Fstatat(dir, name, &named, unix.AT_SYMLINK_NOFOLLOW) == nil && ours.Ino == named.Ino
}
