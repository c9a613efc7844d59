package isolate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/isolate/cgroup"
	"golang.org/x/sys/unix"
)

// GC removes what jails have left whose supervisors were killed: control
// groups, and the scratch folders of jails without a root of their own. It
// touches only what is named as a jail's, and whose owner, by pid and start
// time, is gone. It gives the names of what it has removed.
func GC(ctx context.Context) ([]string, error) {
	var removed []string
	h, err := cgroup.Detect()
	if err == nil {
		defer h.Close()
		removed, err = cgroup.GC(ctx, h)
		for i, n := range removed {
			removed[i] = "cgroup " + n
		}
	}
	dirs, dirErr := gcScratch()
	return append(removed, dirs...), errors.Join(err, dirErr)
}

// gcScratch removes only folders that belong to the caller: in a folder that
// all may write, anybody can make one with a jail's name.
func gcScratch() (removed []string, err error) {
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		n, ok := cgroup.ParseName(e.Name())
		if !ok || !e.IsDir() || !n.OwnerGone() || !ownedByCaller(e) {
			continue
		}
		dir := filepath.Join(os.TempDir(), e.Name())
		lock, held := filelock.Folder(dir)
		switch {
		case errors.Is(held, unix.EAGAIN):
			continue // its owner lives in another pid namespace
		case held != nil:
			err = errors.Join(err, held)
			continue // and whether he does can't be told
		}
		if rm := removal.All(dir); rm != nil {
			err = errors.Join(err, rm)
		} else {
			removed = append(removed, "folder "+dir)
		}
		lock.Close()
	}
	return removed, err
}

// ownedByCaller says whether a directory entry itself, not what it may link to,
// belongs to us.
func ownedByCaller(e os.DirEntry) bool {
	info, err := e.Info()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
