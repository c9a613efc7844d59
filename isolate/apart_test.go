//go:build jailtest

package isolate

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const apartVar = "JAIL_TEST_APART"

// apart runs a test in pid and mount namespaces of its own, and says whether
// this is the process there. A tape from which a wall was left out as root must
// not find the host behind it: its root is entered by moving the one that it is
// in.
func apart(t *testing.T) bool {
	t.Helper()
	if unix.Geteuid() != 0 {
		t.Skip("not root: the walls are made and left out by root")
	}
	if os.Getenv(apartVar) != "" {
		ownProc(t)
		return true
	}
	c := exec.Command("/proc/self/exe", "-test.run", "^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), apartVar+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID}
	out, err := c.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// ownProc gives the namespaces their /proc, and cuts their mounts off.
func ownProc(t *testing.T) {
	t.Helper()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
}
