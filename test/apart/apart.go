// Package apart runs a test in a mount namespace of its own, so that no mount of
// the host changes.
package apart

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// inside says to a test that it has been run again in the namespace, and names its
// folder.
const inside = "JAIL_TEST_APART"

// Run calls f in a child that has a mount namespace of its own, with a folder to
// mount at; the test must not be a subtest. It skips the test for who may make no
// such namespace.
func Run(t *testing.T, f func(dir string)) {
	t.Helper()
	if dir := os.Getenv(inside); dir != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		f(dir)
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs CAP_SYS_ADMIN to make a mount namespace")
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
