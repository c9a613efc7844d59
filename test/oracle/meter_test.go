package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/cgroup"
	"golang.org/x/sys/unix"
)

// meter has the kernel count what a group writes to a file's disk. On v1 Linux
// counts nothing since 6.10 before any group has a rate limit for the disk
// (blk-throttle.c, blk_throtl_activated): the group is given one that nothing
// reaches.
func meter(t *testing.T, g *cgroup.Group, file string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "blkio")); err != nil {
		return // it is v2's
	}
	disk, err := diskOf(file)
	if err != nil {
		t.Fatal(err)
	}
	at, err := find(filepath.Join(root, "blkio"), g.Name())
	if err != nil {
		t.Fatal(err)
	}
	rule := filepath.Join(root, "blkio", at, "blkio.throttle.write_bps_device")
	if err := os.WriteFile(rule, []byte(disk+" 1000000000000"), 0); err != nil {
		t.Fatal(err)
	}
}

// diskOf gives the numbers of the disk, MAJOR:MINOR, that a file lies on: the whole
// one, for a part of a disk can't be limited.
func diskOf(file string) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		return "", err
	}
	numbers := fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev))
	at, err := filepath.EvalSymlinks("/sys/dev/block/" + numbers)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(at + "/partition"); err != nil {
		return numbers, nil
	}
	whole, err := os.ReadFile(filepath.Dir(at) + "/dev")
	return strings.TrimSpace(string(whole)), err
}
