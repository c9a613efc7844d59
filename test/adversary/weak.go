package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// launch is one of a jail as built with the hook of tests, by a careless caller.
type launch struct {
	mutation
	uid     int
	flags   []string
	program []string
	result  string // a file for it, "" for none
}

// weakCommand is its command line.
func (s *scene) weakCommand(ctx context.Context, l launch) *exec.Cmd {
	argv := []string{s.weak(), "exec", "--quiet", "--ro", s.dir}
	if !slices.Contains(l.flags, "--wall") {
		argv = append(argv, "--wall", "10s")
	}
	if l.result != "" {
		argv = append(argv, "--json", l.result)
	}
	c := dirty(ctx, l.uid, slices.Concat(argv, l.flags, []string{"--"}, l.program)...)
	c.Env = append(l.environ(), "JAIL_STORE="+s.store(l.uid))
	c.Dir = "/"
	c.ExtraFiles = []*os.File{s.leak}
	c.WaitDelay = time.Second
	return c
}

// told is what came of a launch.
type told struct {
	text   string // both outputs
	status int
	slow   bool // it took much longer than a launch does
	busy   bool // so much of the CPU that somebody did not wait but looked
	result *result
}

// weakRun has a program run, and gives what came of it. The result is nil where none
// was left.
func (s *scene) weakRun(ctx context.Context, l launch) (t told, err error) {
	if l.result, err = s.resultFile(l.uid); err != nil {
		return t, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := s.weakCommand(ctx, l)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	began := time.Now()
	err = c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return t, err
	}
	t = told{text: out.String(), status: c.ProcessState.ExitCode(), slow: time.Since(began) > slow}
	t.busy = c.ProcessState.UserTime()+c.ProcessState.SystemTime() > busy
	if err := asked(t.text); err != nil {
		return t, err
	}
	t.result, err = readResult(l.result)
	var malformed *json.SyntaxError
	if errors.As(err, &malformed) {
		err = nil // a jail that lacks a step may end before it
	}
	return t, err
}

// A launch takes milliseconds, of time and of the CPU; each of these is far
// beyond it, and far below what waits for its own end.
const (
	slow = 4 * time.Second
	busy = 200 * time.Millisecond
)

// dirty starts a command as a careless caller does: signals ignored, a tight
// umask, no randomised addresses, sluggish timers, low limits, and as root a
// haste and groups that the program must not have.
func dirty(ctx context.Context, uid int, argv ...string) *exec.Cmd {
	script := `umask 077; trap '' HUP USR1; echo 77777 >/proc/self/timerslack_ns; exec "$@"`
	who := []string{"--groups", "6,24", "nice", "-n", "-5"}
	if uid != 0 {
		id := strconv.Itoa(uid)
		who = []string{"--reuid", id, "--regid", id, "--clear-groups"}
	}
	front := slices.Concat(loose(), []string{"setpriv"}, who, []string{"setarch", "-R", "sh", "-c", script, "sh"})
	return exec.CommandContext(ctx, front[0], append(front[1:], argv...)...)
}

// loose is what gives a command soft limits that are lower than a jail's, and,
// where it can, hard ones that are higher.
func loose() []string {
	argv := []string{"prlimit", "--memlock=4096:", "--msgqueue=4096:"}
	if raisesLimits() {
		argv = append(argv, "--rtprio=7:7", "--nice=7:7")
	}
	return argv
}

// raisesLimits says whether this process has CAP_SYS_RESOURCE.
func raisesLimits() bool {
	var data [2]unix.CapUserData
	if err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0]); err != nil {
		return false
	}
	return data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// onlyLimit says of a step whether it sets a limit that nothing here can be
// above or below, so that leaving it out changes nothing: the host's own hard
// limit is the same zero, and this process may not raise it.
func onlyLimit(step string) bool {
	for name, resource := range map[string]int{"target: limit realtime priority": unix.RLIMIT_RTPRIO, "target: limit nice": unix.RLIMIT_NICE} {
		var l unix.Rlimit
		if step == name && unix.Getrlimit(resource, &l) == nil {
			return l.Max == 0 && !raisesLimits()
		}
	}
	return false
}

// posture is the program that reports on itself.
func (s *scene) posture() string { return filepath.Join(s.dir, "posture") }
