//go:build guest

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// These run in the guest, as root and as an ordinary user: what they promise is
// what the other packages' tests rely on.

func TestUserMayMakeEveryNamespace(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/usr/bin/busybox", "true")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
			syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestRootCanBePivoted(t *testing.T) {
	const script = "mount -t tmpfs t /tmp && cd /tmp && mkdir old && busybox pivot_root . old && test -d old/proc"
	out, err := exec.CommandContext(t.Context(), "/usr/bin/busybox", "unshare", "-r", "-m", "sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestFreshProcCanBeMounted(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "/usr/bin/busybox", "unshare", "-r", "-m", "-p", "-f", "sh", "-c", "mount -t proc p /proc && ls /proc/1").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestOwnV2GroupIsDelegated(t *testing.T) {
	group := ownGroup(t)
	if err := os.Mkdir(filepath.Join(group, "child"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(filepath.Join(group, "child")) })
	if _, err := os.Stat(filepath.Join(cgroupRoot, "unified")); err == nil {
		return // hybrid: the controllers are v1's, where the kernel still has them
	}
	have := " " + strings.Join(controllers(group), " ") + " "
	for _, want := range []string{"cpu", "memory", "pids", "io"} {
		if !strings.Contains(have, " "+want+" ") {
			t.Errorf("controllers are%s, without %s", have, want)
		}
	}
}

// ownGroup is where this process stands in the v2 tree (cgroups(7)).
func ownGroup(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	_, path, ok := strings.Cut("\n"+string(b), "\n0::")
	if !ok {
		t.Fatalf("no v2 line in %s", b)
	}
	for _, root := range []string{cgroupRoot + "/unified", cgroupRoot} {
		group := filepath.Join(root, strings.TrimSpace(path))
		if _, err := os.Stat(filepath.Join(group, "cgroup.procs")); err == nil {
			return group
		}
	}
	t.Fatalf("group %q is nowhere mounted", path)
	return ""
}

func TestLoopbackIsUp(t *testing.T) {
	b, err := os.ReadFile("/sys/class/net/lo/operstate")
	if err != nil || strings.TrimSpace(string(b)) == "down" {
		t.Errorf("lo is %s (%v)", b, err)
	}
}
