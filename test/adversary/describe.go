package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/test/posture"
	"golang.org/x/sys/unix"
)

// What the processes of a jail look like from outside, where nothing hides them:
// pid 1 can't be asked, and a program does not know all of itself.

// watched are the lines of /proc/PID/status that a step may change.
var watched = []string{"Name", "Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters"}

// children are those of a process that are alive.
func children(pid int) (list []int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // it may have ended
	for word := range strings.FieldsSeq(string(text)) {
		if n, err := strconv.Atoi(word); err == nil && !gone(n) {
			list = append(list, n)
		}
	}
	return list
}

// jailed finds pid 1 of a supervisor's jail, beside which there may be a stage,
// and its child; 0 where there is none.
func jailed(supervisor int) (init, target int) {
	for _, p := range children(supervisor) {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p)) // it may have ended
		if ids, _ := host.StatusField(status, "NSpid"); strings.HasSuffix(ids, "\t1") {
			init = p
		}
	}
	if list := children(init); len(list) > 0 {
		target = list[0]
	}
	return init, target
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
	seen[as+"cwd"], _ = os.Readlink(dir + "cwd")
	mounts, _ := os.ReadFile(dir + "mountinfo")
	seen[as+"mounts are peers"] = strconv.FormatBool(bytes.Contains(mounts, []byte(" shared:")) || bytes.Contains(mounts, []byte(" master:")))
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

// describeFiles adds the descriptors of a process, but for what a program opens
// and closes as it starts.
func describeFiles(seen posture.Report, as string, pid int) {
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		to, _ := os.Readlink(fd)
		if strings.HasPrefix(to, "/sys/fs/cgroup/") { // it has the run's name
			to = "a group"
		}
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

// soon waits until something holds, and reports whether it came to that. What a
// process of a jail does is told to nobody outside, so it is looked at.
func soon(within time.Duration, holds func() bool) bool {
	for end := time.Now().Add(within); ; time.Sleep(2 * time.Millisecond) {
		if holds() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// waits says whether a process waits in a function of the kernel's whose name
// has a word in it. One that was frozen waits in a poll.
func waits(pid int, in string) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", pid))
	return strings.Contains(string(text), in)
}

// gone says whether a process has ended.
func gone(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(after, "Z") || strings.HasPrefix(after, "X")
}

// ends waits for a process's end, and reports whether it came in time.
func ends(pid int, within time.Duration) (bool, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH {
		return true, nil
	}
	if err != nil {
		return false, os.NewSyscallError("pidfd_open", err)
	}
	defer unix.Close(fd)
	for end := time.Now().Add(within); ; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(max(time.Until(end), 0).Milliseconds()))
		if err != unix.EINTR {
			return n > 0, os.NewSyscallError("poll", err)
		}
	}
}
