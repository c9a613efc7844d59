package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/test/proctree"
	"golang.org/x/sys/unix"
)

// The runtime's monitor thread must not take the core from a launch. It can be
// missed when another process was faster to take the number after jail's.
func TestTheMonitorThreadTakesTheCoreFromNoLaunch(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		for range 10 {
			if monitorIsCalm(t, uid) {
				return
			}
		}
		t.Error("in ten launches no thread of jail's but the main one slept longer")
	})
}

// monitorIsCalm looks at a jail before its launch, at the one point where
// that can be held: it has no room for what --resolved prints.
func monitorIsCalm(t *testing.T, uid int) bool {
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
	return slackOf(cmd.Process.Pid) == "50000" && slackOf(cmd.Process.Pid+1) == "10000000"
}

func as(uid int) *syscall.SysProcAttr {
	if uid == os.Geteuid() {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
}

// slackOf is a thread's timer slack in nanoseconds, "" of one that has ended or
// is not there.
func slackOf(tid int) string {
	slack, _ := os.ReadFile("/proc/" + strconv.Itoa(tid) + "/timerslack_ns")
	return strings.TrimSpace(string(slack))
}

// Threads that the monitor has started inherit its slack, and so would programs
// be given it: on busy cores it does start some.
func TestAProgramHasTheTimerSlackOfTheKernel(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		for range 8 {
			p := start(t, uid, "(while :; do :; done) & (while :; do :; done) & echo ready; while :; do :; done", "--wall", "20s")
			tasks := 0
			for _, pid := range proctree.Below(p.Process.Pid) {
				for _, task := range threads(pid) {
					tid, _ := strconv.Atoi(filepath.Base(task))
					if slack := slackOf(tid); slack != "50000" && slack != "" {
						t.Errorf("a program's timers are late by up to %s ns", slack)
					}
					tasks++
				}
			}
			if tasks < 4 {
				t.Fatalf("%d processes, want init, the shell and its two", tasks)
			}
			p.signal(syscall.SIGINT)
			p.end()
		}
	})
}
