// Package fsid makes files as another user.
package fsid

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// As does something by the ids of a user for files, setfsuid(2): what it makes is his, and
// it has no right there that he lacks, but for those of the caller's further groups. The
// error is EPERM if the caller may not.
func As(uid, gid int, does func() error) error {
	if uid == os.Geteuid() && gid == os.Getegid() {
		return does()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, set := range [...]struct {
		call func(int) (int, error)
		id   int
	}{{unix.SetfsgidRetGid, gid}, {unix.SetfsuidRetUid, uid}} {
		before, err := set.call(set.id)
		if now, again := set.call(-1); err != nil || again != nil || now != set.id {
			return unix.EPERM
		}
		defer func() { _, _ = set.call(before) }()
	}
	return does()
}
