package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// noDisk is why there may be no file on a block device.
const noDisk = "needs a folder on a block device: /var/tmp is on none"

// diskFile gives a new file on a block device, "" where there is none.
func diskFile(t *testing.T) string {
	t.Helper()
	for _, parent := range []string{os.Getenv("JAIL_TEST_DISK"), "/var/tmp", "."} {
		if parent == "" {
			continue
		}
		dir, err := os.MkdirTemp(parent, "jail-oracle-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if onDisk(path) {
			path, err = filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	return ""
}

// onDisk says whether a file's device is a disk, and not the kernel's own, as
// tmpfs and overlay have.
func onDisk(path string) bool {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return false
	}
	_, err := os.Stat(fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev)))
	return err == nil
}
