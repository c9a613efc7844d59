package cgroup

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kernfsNodes is how many files and folders of cgroupfs, sysfs and their like the
// kernel keeps.
func kernfsNodes(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/slabinfo")
	if err != nil {
		t.Skip("needs /proc/slabinfo: ", err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); f[0] == "kernfs_node_cache" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Skip("needs /proc/slabinfo: it names no kernfs_node_cache")
	return 0
}

// What is open when its directory is removed is kept until memory is short: some
// twenty nodes of each group, with their inodes. Others on the host may add to
// them, but hardly each time.
func TestTheKernelKeepsNothingOfARemovedGroup(t *testing.T) {
	h := testHost(t)
	const groups, most = 100, 8
	least := 1 << 30
	for range 5 {
		before := kernfsNodes(t)
		for range groups {
			g, err := h.Create(h.NewName(), small())
			if err != nil {
				t.Fatal(err)
			}
			g.RemoveLimits()
			if err := g.Remove(); err != nil {
				t.Fatal(err)
			}
		}
		// What is removed goes after a grace period, for which a busy machine takes its time.
		for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if least = min(least, kernfsNodes(t)-before); least < groups*most {
				return
			}
		}
	}
	t.Errorf("%d nodes are kept of %d groups", least, groups)
}
