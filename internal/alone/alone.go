// Package alone runs a test where the host's other jails don't see what it
// leases, nor it what they do: other tests run at the same time, and must not
// wait for its cores.
package alone

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const variable = "JAIL_TEST_CORES_APART"

// Cores says whether this is the process that the test is to run in: one in a
// network namespace and with a sysfs of its own.
// Else it has run the test there, and this one is done.
func Cores(t *testing.T) bool {
	t.Helper()
	if os.Getenv(variable) != "" {
		return true
	}
	if unix.Geteuid() != 0 {
		t.Skip("feature root: not run as root, which makes the network namespace")
	}
	self, err := os.Executable() // a shell's /proc/self/exe would be another
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "-test.run", "^"+t.Name()+"$", "-test.v")       // #nosec G204 -- the test itself
	c.Env = append(os.Environ(), variable+"=1", "GORACE=atexit_sleep_ms=0") // a second for each test otherwise
	if err := Enter(c); err != nil {
		t.Fatal(err)
	}
	out, err := c.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// Enter has a command run in such namespaces, by a shell that sets them up.
func Enter(c *exec.Cmd) error {
	sh, err := exec.LookPath("sh")
	if err != nil {
		return err
	}
	args := append([]string{"sh", "-c", setUp, c.Path}, c.Args[1:]...)
	c.Path, c.Args = sh, args
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS}
	return nil
}

// setUp lays another sysfs over the host's: its superblock is the network
// namespace's. What is mounted in the old one stays.
const setUp = `set -e
mount --make-rprivate /
mount -t sysfs sysfs /mnt
mount --rbind /sys/fs/cgroup /mnt/fs/cgroup
mount --rbind /mnt /sys
umount -l /mnt
exec "$0" "$@"`
