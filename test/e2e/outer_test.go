package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// outerGroup makes a v1 group of memory with a limit, below our own.
func outerGroup(t *testing.T, limit string) (dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if _, path, ok := strings.Cut(strings.TrimSpace(line), ":memory:"); ok {
			dir = filepath.Join("/sys/fs/cgroup/memory", path, fmt.Sprint("outer-", os.Getpid()))
		}
	}
	if dir == "" || os.Mkdir(dir, 0o755) != nil {
		t.Skip("needs cgroup v1 with memory and pids: make test-users does it on v2")
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := os.WriteFile(dir+"/memory.limit_in_bytes", []byte(limit), 0); err != nil {
		t.Fatal(err)
	}
	return dir
}

// under runs jail in a group.
func under(t *testing.T, dir string, args ...string) (out string, status int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sh", append([]string{"-c", "echo $$ >" + dir + `/cgroup.procs && exec "$@"`, "sh", built}, args...)...)
	c.Dir = t.TempDir()
	b, _ := c.CombinedOutput()
	return string(b), c.ProcessState.ExitCode()
}

func TestALimitAboveTheOuterGroupsIsRefusedAndADefaultLowered(t *testing.T) {
	dir := outerGroup(t, "256M")
	out, status := under(t, dir, "exec", "--memory", "1G", "--", "echo", "ran")
	want := "limit memory to 1G: a group above holds less: " + dir + "/memory.limit_in_bytes is 256M"
	if status != 125 || !strings.Contains(out, want) || strings.Contains(out, "ran\n") {
		t.Errorf("status %d: %s", status, out)
	}
	if out, status := under(t, dir, "exec", "--memory", "256M", "--", "true"); status != 0 {
		t.Errorf("as much as there is: status %d: %s", status, out)
	}
	if out, status := under(t, dir, "exec", "--memory", "unlimited", "--", "true"); status != 0 {
		t.Errorf("no limit but that: status %d: %s", status, out)
	}
	if out, _ := under(t, dir, "exec", "--json", "-", "--", "true"); !strings.Contains(out, `"memory_bytes":268435456,`) {
		t.Errorf("the default is as it was: %s", out)
	}
	for _, command := range [][]string{{"explain", "true"}, {"doctor"}} {
		if out, _ := under(t, dir, command...); !strings.Contains(out, "at most 256M by the group above ("+dir+"/memory.limit_in_bytes)") {
			t.Errorf("%s does not say it: %s", command[0], out)
		}
	}
}
