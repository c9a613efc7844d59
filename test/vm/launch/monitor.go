package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// monitor looks at the Go runtime's monitor thread of a jail that can't go on:
// it has no room for what it prints. A signal's handler in assembly has given the
// thread another timer slack by then (cmd/jail/sysmon.go). Only root may read it.
func (h host) monitor() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	defer w.Close()
	room, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, os.Getpagesize())
	if err != nil {
		return err
	}
	if _, err := w.Write(make([]byte, room)); err != nil {
		return err
	}
	cmd := exec.Command("jail", "exec", "--resolved")
	cmd.Stdout, cmd.Env = w, append(os.Environ(), "GOMAXPROCS=2") // with one core it is left alone
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	return calm(cmd.Process.Pid)
}

// calm waits until the thread after the first one sleeps longer than that.
func calm(pid int) error {
	const want = "10000000"
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); runtime.Gosched() {
		if slackOf(pid) != want && slackOf(pid+1) == want {
			return nil
		}
	}
	return fmt.Errorf("timer slack of the first thread %q, of the monitor %q ns, want %s", slackOf(pid), slackOf(pid+1), want)
}

func slackOf(tid int) string {
	slack, _ := os.ReadFile("/proc/" + strconv.Itoa(tid) + "/timerslack_ns")
	return strings.TrimSpace(string(slack))
}
