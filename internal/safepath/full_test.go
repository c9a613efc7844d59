package safepath

import (
	"errors"
	"os"
	"testing"

	"github.com/jailrun/jail/test/apart"
	"golang.org/x/sys/unix"
)

// The disk is a tmpfs of one page and three inodes, in a mount namespace of a
// child: no mount of the host changes.
func TestFullDiskIsAnErrorWithItsPath(t *testing.T) {
	apart.Run(t, func(dir string) { fillDisk(t, dir) })
}

func fillDisk(t *testing.T, dir string) {
	must(t, unix.Mount("full", dir, "tmpfs", 0, "size=4k,nr_inodes=2")) // the root is one inode
	f, err := OpenOutput(dir+"/out", nil)
	must(t, err)
	_, err = f.Write(make([]byte, 8192))
	var e *os.PathError
	if !errors.Is(err, unix.ENOSPC) || !errors.As(err, &e) || e.Path != dir+"/out" {
		t.Errorf("write: %v", err)
	}
	must(t, f.Close())
	f, err = OpenOutput(dir+"/second", nil)
	check(t, f, err, unix.ENOSPC)
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	f, err = OpenOutput(dir+"/out", nil)
	check(t, f, err, unix.EROFS)
}
