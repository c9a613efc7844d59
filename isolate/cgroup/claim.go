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
// the directory, which is made again. There says whether one may be there: a seat
// may have been before, and a set of jails whose members lock it together. Made
// says whether it was made now.
func (t *tree) claim(name string, lock int, there bool) (fd int, made bool, err error) {
	path := t.path + "/" + name
	for range claims {
		err = unix.Mkdirat(t.fd, name, groupMode)
		if err != nil && (err != unix.EEXIST || !made && !there) {
			return -1, made, fail("mkdir", path, err)
		}
		made = made || err == nil
		fd, err = openLocked(t.fd, name, lock)
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
