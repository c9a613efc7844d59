package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jailrun/jail/test/posture"
)

// What pid 1 of a jail and its program look like from outside, where nothing
// hides them: pid 1 can't be asked, and a program does not know all of itself.

// watched are the lines of /proc/PID/status that a step may change.
var watched = []string{"Name", "Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters"}

// lookOutside runs a program that sleeps until it has been looked at, and adds what
// is seen of it and of pid 1.
func (s *scene) lookOutside(ctx context.Context, uid int, step string, seen posture.Report) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := s.weakCommand(ctx, uid, "JAIL_WITHOUT_STEP="+step, noResult, "/usr/bin/sleep", "2")
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }() // how it ends is the other run's to tell
	for {
		select {
		case <-ended:
			seen["outside"] = "no program was seen"
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
		init := child(c.Process.Pid)
		if target := child(init); target > 0 && comm(target) == "sleep" {
			describe(seen, "init.", init)
			describe(seen, "target.", target)
			lookAtSysctls(ctx, seen, target)
			_ = syscall.Kill(target, syscall.SIGKILL) // it may have ended
			<-ended
			return ctx.Err()
		}
	}
}

// child is the first child of a process, 0 for none.
func child(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // it may have ended
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.Atoi(first)
	return n
}

func comm(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(text))
}

func describe(seen posture.Report, as string, pid int) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	status, _ := os.ReadFile(dir + "status")
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		for _, w := range watched {
			if key == w {
				seen[as+key] = idsOut(strings.Join(strings.Fields(value), " "))
			}
		}
	}
	for _, name := range []string{"personality", "timerslack_ns", "oom_score_adj"} {
		text, err := os.ReadFile(dir + name)
		seen[as+name] = strings.TrimSpace(string(text))
		if err != nil {
			seen[as+name] = "unreadable"
		}
	}
	fds, _ := filepath.Glob(dir + "fd/*")
	if as != "init." {
		fds = nil // a program opens and closes some of its own as it starts
	}
	for _, fd := range fds {
		to, _ := os.Readlink(fd)
		seen[as+"fd."+filepath.Base(fd)] = posture.WithoutInodes(to)
	}
	if st, err := os.Stat(dir + "environ"); err == nil {
		own, _ := st.Sys().(*syscall.Stat_t)
		seen[as+"dumpable"] = strconv.FormatBool(own.Uid != 0)
	}
	stat, _ := os.ReadFile(dir + "stat")
	if _, after, ok := strings.Cut(string(stat), ") "); ok {
		f := strings.Fields(after)
		seen[as+"leads its session"] = strconv.FormatBool(f[3] == strconv.Itoa(pid))
		seen[as+"nice"] = f[16]
	}
}

// idsOut replaces the run's own ids, which differ from run to run.
func idsOut(v string) string {
	f := strings.Fields(v)
	for i := range f {
		if n, err := strconv.Atoi(f[i]); err == nil && len(f[i]) == 10 && n >= 0x70000000 {
			f[i] = "RUN"
		}
	}
	return strings.Join(f, " ")
}

// dirty starts a command as a careless caller does: signals ignored, a tight
// umask, no randomised addresses, sluggish timers, and as root a
// haste and groups that the program must not have.
func dirty(ctx context.Context, uid int, argv ...string) *exec.Cmd {
	script := `umask 077; trap '' HUP USR1; echo 77777 >/proc/self/timerslack_ns; exec "$@"`
	who := []string{"--groups", "6,24", "nice", "-n", "-5"}
	if uid != 0 {
		id := strconv.Itoa(uid)
		who = []string{"--reuid", id, "--regid", id, "--clear-groups"}
	}
	front := slices.Concat(who, []string{"setarch", "-R", "sh", "-c", script, "sh"})
	return exec.CommandContext(ctx, "setpriv", append(front, argv...)...)
}
