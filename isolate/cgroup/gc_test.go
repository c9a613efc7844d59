package cgroup

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// orphan makes a group, puts a sleeper into it and waits to be killed.
func orphan() int {
	h, err := Detect()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	g, err := h.Create(h.NewName(), small())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	c := exec.Command("/bin/sh", "-c", `for fd in $FDS; do echo 0 >&$fd; done; echo ready; exec sleep 60`)
	c.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	if g.IntoFD() >= 0 {
		c.SysProcAttr.UseCgroupFD, c.SysProcAttr.CgroupFD = true, g.IntoFD()
	}
	fds := ""
	for i, fd := range g.ProcsFDs() {
		c.ExtraFiles = append(c.ExtraFiles, os.NewFile(uintptr(fd), ""))
		fds += fmt.Sprint(3+i, " ")
	}
	c.Env = append(os.Environ(), "FDS="+fds)
	out, _ := c.StdoutPipe()
	if err := c.Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	_, _ = bufio.NewReader(out).ReadString('\n')
	fmt.Println(g.Name(), c.Process.Pid)
	return hang()
}

// collected runs GC, and says whether it was this GC that removed a group. It
// may find more, and another may have been first: tests of other packages kill
// jails and collect them meanwhile.
func collected(t *testing.T, h *Host, name string) bool {
	t.Helper()
	got, err := GC(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(got, name)
}

func TestGCRemovesAnOrphanAndNothingElse(t *testing.T) {
	h := testHost(t)
	live := testGroup(t, small())
	foreign := []string{"jail", "jail-", "jail-99999999-1-01", "jail-99999999-1", "jail-99999999-1-1x", "other"}
	for _, n := range foreign {
		dir := filepath.Join(h.find("pids").path, n)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(dir)
	}
	owner := launch(t, self("orphan"))
	var name string
	var sleeper int
	if _, err := fmt.Sscan(owner.line(t), &name, &sleeper); err != nil {
		t.Fatal(err)
	}
	pidfd, err := unix.PidfdOpen(sleeper, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)

	if collected(t, h, name) {
		t.Fatal("GC removed the group of a live owner")
	}
	_ = owner.Process.Kill()
	_ = owner.Wait()
	collected(t, h, name)
	assertGone(t, h, name)
	if err := poll(t.Context(), pidfd, unix.POLLIN); err != nil {
		t.Error("the orphan's sleeper lives:", err)
	}
	for _, n := range foreign {
		if _, err := os.Stat(filepath.Join(h.find("pids").path, n)); err != nil {
			t.Errorf("foreign group: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(h.find("pids").path, live.Name())); err != nil {
		t.Errorf("a live owner's group: %v", err)
	}
}

func TestGCLeavesAGroupWhoseLockIsHeld(t *testing.T) {
	h := testHost(t)
	name := Name{PID: 1 << 30, Start: 7, Seq: 1}.String() // no such process
	g, err := h.Create(name, small())
	if err != nil {
		t.Fatal(err)
	}
	if collected(t, h, name) {
		t.Error("GC removed a group whose lock is held")
	}
	g.Close()
	collected(t, h, name)
	assertGone(t, h, name)
}

// TestGCCompletesAHalfMadeGroup: the supervisor may die between any two steps.
func TestGCCompletesAHalfMadeGroup(t *testing.T) {
	h := testHost(t)
	name := Name{PID: 1 << 30, Start: 8, Seq: 1}.String()
	for _, sub := range []string{"", "/" + leafInit} {
		tr := h.trees[len(h.trees)-1]
		if tr.version == 1 && sub != "" {
			continue
		}
		if err := os.MkdirAll(tr.path+"/"+name+sub, 0o755); err != nil {
			t.Fatal(err)
		}
		collected(t, h, name)
		assertGone(t, h, name)
	}
}

func TestGCRemovesAnEmptySeatAndKillsNobodyInOne(t *testing.T) {
	o := outer(t, "other-seats", 0)
	seat := Name{PID: 1 << 30, Start: 9}.String()
	if err := os.Mkdir(o.unified.path+"/"+seat, 0o755); err != nil {
		t.Fatal(err)
	}
	fd, err := open(o.unified.fd, seat, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	p := occupy(t, fd)
	if got, err := GC(t.Context(), o); len(got) != 0 || err != nil {
		t.Errorf("GC of a seat in use: %q, %v", got, err)
	}
	if err := p.Process.Signal(unix.Signal(0)); err != nil {
		t.Error("its process:", err)
	}
	_ = p.Process.Kill()
	_ = p.Wait()
	if got, err := GC(t.Context(), o); len(got) != 1 || err != nil {
		t.Errorf("GC of an empty seat: %q, %v", got, err)
	}
}

// Whoever can open a group's directory can lock it (flock(2)), and its owner and
// gc could not.
func TestNobodyElseCanLockAGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	g := testGroup(t, small())
	for _, p := range g.parts {
		c := self("lock")
		c.Env = append(c.Env, "CGROUP_TEST_DIR="+p.path(g.name))
		c.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		if got := launch(t, c).line(t); got != unix.EACCES.Error() {
			t.Errorf("%s, locked by uid 65534: %s", p.path(g.name), got)
		}
	}
}

// lock tries to take the lock of a directory that is another user's.
func lock() int {
	_, err := openLocked(unix.AT_FDCWD, os.Getenv("CGROUP_TEST_DIR"), unix.LOCK_EX)
	fmt.Println(err)
	return 0
}

func TestALockInOthersHandsIsNoReasonToDoWithout(t *testing.T) {
	err := fail("lock", "/x", ErrHeld)
	if !Passing(err) || !strings.Contains(err.Error(), hintHeld) {
		t.Errorf("%v, passing: %v", err, Passing(err))
	}
}
