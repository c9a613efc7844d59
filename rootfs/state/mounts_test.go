package state

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// inOwnMounts gives this thread mounts of its own, which end with it.
func inOwnMounts(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	must(t, unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNS))
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}
