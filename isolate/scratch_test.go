package isolate

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/jailrun/jail/internal/filelock"
	"github.com/jailrun/jail/internal/removal"
	"golang.org/x/sys/unix"
)

func TestAFolderThatItsOwnerCannotEnterIsRemoved(t *testing.T) {
	asUser(t)
	dir, outside := filepath.Join(t.TempDir(), "jail"), t.TempDir()
	keep := filepath.Join(outside, "keep")
	for _, err := range []error{
		os.WriteFile(keep, nil, 0o600), os.Chmod(outside, 0o500),
		os.MkdirAll(filepath.Join(dir, "box/a/b/c"), 0o700), os.Symlink(outside, filepath.Join(dir, "box/a/link")),
		os.Chmod(filepath.Join(dir, "box/a/b"), 0), os.Chmod(filepath.Join(dir, "box/a"), 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(outside, 0o700) })
	if err := os.RemoveAll(dir); err == nil {
		t.Fatal("it can be removed as it is: the test shows nothing")
	}
	if err := removal.All(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if st, err := os.Stat(outside); err != nil || st.Mode().Perm() != 0o500 {
		t.Errorf("what a link names was changed: %v, %v", st.Mode(), err)
	}
}

func TestAFolderThatARunHoldsIsNotTakenAgain(t *testing.T) {
	dir := t.TempDir()
	held, err := filelock.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.Folder(dir); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("held, and taken again: %v", err)
	}
	held.Close()
	again, err := filelock.Folder(dir)
	if err != nil {
		t.Error(err)
	}
	again.Close()
}

// asUser takes root's right to enter any folder from the test's thread, which
// ends with the test.
func asUser(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		t.Fatal(err)
	}
	data[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	if err := unix.Capset(&hdr, &data[0]); err != nil {
		t.Fatal(err)
	}
}
