package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The runtime's monitor thread must not take the core from a launch. It can be
// missed when another process was faster to take the number after jail's.
func TestTheMonitorThreadTakesTheCoreFromNoLaunch(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		for range 10 {
			if monitorWaitsItsTurn(t, uid) {
				return
			}
		}
		t.Error("in ten launches no thread of jail's but the main one was in SCHED_BATCH")
	})
}

// monitorWaitsItsTurn looks at a jail before its launch, at the one point where
// that can be held: it has no room for what --resolved prints.
func monitorWaitsItsTurn(t *testing.T, uid int) bool {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	room, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, os.Getpagesize())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, room)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(built, "exec", "--resolved")
	cmd.Stdout, cmd.SysProcAttr = w, as(uid)
	s := &stalled{Cmd: cmd, t: t}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	s.blocked(1)
	return hasPolicy(t, cmd.Process.Pid, unix.SCHED_NORMAL) && hasPolicy(t, cmd.Process.Pid+1, unix.SCHED_BATCH)
}

func as(uid int) *syscall.SysProcAttr {
	if uid == os.Geteuid() {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
}

// hasPolicy is false of a number that is nobody's, or was another's who has ended.
func hasPolicy(t *testing.T, tid int, policy uint32) bool {
	t.Helper()
	a, err := unix.SchedGetAttr(tid, 0)
	if err != nil && err != unix.ESRCH {
		t.Fatal(err)
	}
	return err == nil && a.Policy == policy
}

// Threads that the monitor has started would inherit what it was given, and so
// would programs: on busy cores it does start some.
func TestWhatTheMonitorWasGivenEndsWithTheLaunch(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		for range 8 {
			p := start(t, uid, "(while :; do :; done) & (while :; do :; done) & echo ready; while :; do :; done", "--wall", "20s")
			waitUntil(t, "no thread is special", func() bool { return specialThreads(p.Process.Pid) == "" })
			p.signal(syscall.SIGINT)
			p.end()
		}
	})
}

// specialThreads are those of jail and its program that the host's scheduler does
// not treat like any other, "" if there are none.
func specialThreads(jail int) (found string) {
	for _, pid := range append(descendants(jail), jail) {
		for _, task := range threads(pid) {
			tid, _ := strconv.Atoi(filepath.Base(task))
			a, err := unix.SchedGetAttr(tid, 0)
			slack, err2 := os.ReadFile("/proc/" + filepath.Base(task) + "/timerslack_ns")
			if err != nil || err2 != nil {
				continue // it has ended
			}
			if a.Policy != unix.SCHED_NORMAL || strings.TrimSpace(string(slack)) != "50000" {
				found += task + " "
			}
		}
	}
	return found
}
