package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jailrun/jail/test/posture"
)

// What pid 1 of a jail and its program look like from outside, where nothing
// hides them: pid 1 can't be asked, and a program does not know all of itself.

// watched are the lines of /proc/PID/status that a step may change.
var watched = []string{"Name", "Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters"}

// lookOutside runs a program that waits to be looked at, and adds what is seen of
// it and of pid 1.
func (s *scene) lookOutside(ctx context.Context, uid int, step string, seen posture.Report) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := s.weakCommand(ctx, uid, withoutStep(step), noResult, "/bin/sh", "-c", "echo here; read end")
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	init, target := 0, 0
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "" { // else it has ended
		init = child(c.Process.Pid)
		target = child(init)
	}
	if target > 0 {
		describe(seen, "init.", init)
		describe(seen, "target.", target)
		lookAtSysctls(ctx, seen, target)
	} else {
		seen["outside"] = "no program was seen"
	}
	in.Close()
	_ = c.Wait() // how it ends is the other run's to tell
	return ctx.Err()
}

// child is the first child of a process, 0 for none.
func child(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // it may have ended
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.Atoi(first)
	return n
}

// describe adds what /proc says of a process.
func describe(seen posture.Report, as string, pid int) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	status, _ := os.ReadFile(dir + "status")
	for line := range strings.Lines(string(status)) {
		if key, value, _ := strings.Cut(line, ":"); slices.Contains(watched, key) {
			seen[as+key] = idsOut(strings.Join(strings.Fields(value), " "))
		}
	}
	for _, name := range []string{"personality", "timerslack_ns", "oom_score_adj"} {
		text, err := os.ReadFile(dir + name)
		seen[as+name] = strings.TrimSpace(string(text))
		if err != nil {
			seen[as+name] = "unreadable"
		}
	}
	if as == "init." { // a program opens and closes some of its own as it starts
		describeFiles(seen, as, dir)
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

func describeFiles(seen posture.Report, as, dir string) {
	fds, _ := filepath.Glob(dir + "fd/*")
	for _, fd := range fds {
		to, _ := os.Readlink(fd)
		seen[as+"fd."+filepath.Base(fd)] = posture.WithoutInodes(to)
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
