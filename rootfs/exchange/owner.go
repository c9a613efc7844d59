package exchange

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// maker is who makes files and folders: as the kernel sees it, the owner himself. A
// jail's file systems were mounted in its user namespace, and take nothing from an id
// that this has none for (EOVERFLOW); nor does the maker have a right there that the
// owner lacks.
func (o ownership) maker() int {
	if o.ids == nil {
		return os.Geteuid()
	}
	return o.ids.UID
}

// as makes something as the owner: by the ids of this thread for files, setfsuid(2).
func (o ownership) as(does func() error) error {
	if o.ids == nil || o.ids.UID == os.Geteuid() && o.ids.GID == os.Getegid() {
		return does()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, set := range [...]struct {
		call func(int) (int, error)
		id   int
	}{{unix.SetfsgidRetGid, o.ids.GID}, {unix.SetfsuidRetUid, o.ids.UID}} {
		before, err := set.call(set.id)
		if now, again := set.call(-1); err != nil || again != nil || now != set.id {
			return unix.EPERM
		}
		defer func() { _, _ = set.call(before) }()
	}
	return does()
}
