package result

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/policy"
)

// Sentence returns one line for a person: how the run ended, the figure and
// the limit, and the flag that raises it. It has no newline.
func Sentence(r *Result) string {
	return "jail: " + oneLine(clause(r))
}

// Met returns one line for a person when a program that failed by itself had met
// a limit first, which it may have failed of; "" else. It has no newline.
func Met(r *Result) string {
	if r.Reason != Exited || r.ExitCode == nil || *r.ExitCode == 0 {
		return ""
	}
	what := ""
	switch {
	case value(r.Evidence.PidsMaxEvents) > 0:
		what = pidsPassed(r)
	case r.Evidence.Box.Full() || r.Evidence.State.Full():
		what = diskPassed(r)
	case NearMemory(r):
		return "jail: exited with status " + known(r.ExitCode) + memoryNear(r)
	default:
		return ""
	}
	return "jail: exited with status " + known(r.ExitCode) + " after it had met the " + what
}

func clause(r *Result) string {
	switch r.Reason {
	case Exited:
		return "exited with status " + known(r.ExitCode)
	case Signaled:
		return diedOf(r)
	case Canceled:
		return "canceled: ended because the caller asked"
	case Syscall:
		return refusedCall(r.Evidence.Call)
	case SetupFailed, Internal:
		return failed(r)
	}
	return limitPassed(r)
}

func limitPassed(r *Result) string {
	l, flag := &r.Limits, flagOf(r.Reason)
	switch r.Reason {
	case CPULimit:
		return raise("cpu limit: used "+spent(first(r.Evidence.CPUNS, r.Usage.CPUNS))+ofTime(l.CPUNS), flag, l.CPUNS, duration)
	case WallLimit:
		return raise("wall limit: ran for "+spent(first(r.Evidence.WallNS, r.Usage.WallNS))+ofTime(l.WallNS), flag, l.WallNS, duration)
	case Idle:
		return raise("idle limit: no CPU used and no byte passed for "+figure(l.IdleNS, duration), flag, l.IdleNS, duration)
	case Memory:
		return memoryPassed(r)
	case Pids:
		return pidsPassed(r)
	case OutputLimit:
		return raise("output limit: "+stream(&r.Output)+" passed "+figure(l.OutputBytes, amount), flag, l.OutputBytes, amount)
	case FileSize:
		return raise("file-size limit: a file would have passed "+figure(l.FileSizeBytes, amount), flag, l.FileSizeBytes, amount)
	case Disk:
		return diskPassed(r)
	}
	return "ended for a reason unknown to this version: " + string(r.Reason)
}

// The kernel may also kill for the host's own need: then no flag helps.
func memoryPassed(r *Result) string {
	peak, limit, met := r.Usage.MemoryPeakBytes, r.Limits.MemoryBytes, r.Evidence.MemoryFailcnt
	used := "used all"
	if peak != nil {
		used = "used " + about(*peak)
	}
	of := ""
	if limit != nil {
		of = " of " + amount(*limit)
	}
	switch {
	case r.Evidence.MemoryGroup != nil && !NearMemory(r):
		g := *r.Evidence.MemoryGroup
		return "memory: the group " + g + " was at its limit while the jail " + used + of + "; raise it with jail group set " + g + " --memory SIZE"
	case met != nil && *met == 0 && !reached(peak, limit):
		return "memory: the host ran out of it while the jail " + used + of + "; free some on the host"
	}
	return raise("memory limit: "+used+of, flagOf(Memory), limit, amount)
}

func pidsPassed(r *Result) string {
	l, peak := r.Limits.Pids, r.Usage.PidsPeak
	if g := r.Limits.Group; g != nil && l != nil && peak != nil && *peak < *l {
		return "pids limit: the group " + *g + ", or one that it is in, was at its limit while the jail had " + count(*peak) + " tasks; see jail group list"
	}
	return raise("pids limit: all "+figure(l, count)+" tasks were in use", flagOf(Pids), l, count)
}

// stateName is for a sentence; no program has chosen it.
func stateName(state *string) string {
	if state == nil {
		return ""
	}
	return " " + *state
}

func diskPassed(r *Result) string {
	l := &r.Limits
	if s := r.Evidence.State; s.Full() && !r.Evidence.Box.Full() {
		return "disk limit: the state" + stateName(r.State) + " is full; jail state diff lists what is in it, and --state-size is for one that is made"
	}
	if box := r.Evidence.Box; box != nil && box.NoInodes() && !box.NoBlocks() {
		return raise("disk limit: all "+figure(l.Inodes, count)+" inodes are in use", "--inodes", l.Inodes, count)
	}
	return raise("disk limit: all of "+figure(l.DiskBytes, amount)+" is in use", flagOf(Disk), l.DiskBytes, amount)
}

func diedOf(r *Result) string {
	name := "a signal"
	if r.SignalName != nil {
		name = *r.SignalName
	}
	s := "the program died of " + name
	if ws := r.Evidence.WaitStatus; ws != nil && ws.Signal() == unix.SIGSYS {
		s += `: a forbidden system call, or its own doing; the denials of the result (--json) tell which calls were refused`
	}
	switch {
	case NearMemory(r):
		s += memoryNear(r)
	case BornTooLarge(r):
		s += "; without a cgroup --memory bounds what each process may map: it may need more than that to start"
	}
	return s
}

// BornTooLarge says whether a program died before it used any memory, as one does
// whose own segments are beyond RLIMIT_DATA: execve(2) can't fail any more then.
func BornTooLarge(r *Result) bool {
	const nothing = 1 << 20
	peak := r.Usage.MemoryPeakBytes
	return r.SignalName != nil && *r.SignalName == "SIGSEGV" && r.Limits.MemoryBytes != nil &&
		peak != nil && *peak < nothing && r.Enforced.At(policy.LayerCgroup).State != StateEnforced
}

// NearMemory says whether a program came so near to its memory limit that its
// own runtime may have given up: node, Java and Python do before the kernel does.
func NearMemory(r *Result) bool {
	peak, limit := r.Usage.MemoryPeakBytes, r.Limits.MemoryBytes
	return peak != nil && limit != nil && *peak >= *limit-*limit/20
}

func memoryNear(r *Result) string {
	return ", and had come within 5 % of its memory limit of " + amount(*r.Limits.MemoryBytes) + ", with its files' cache (--memory)"
}

func refusedCall(c *Call) string {
	if c == nil {
		return "forbidden system call"
	}
	name := c.Name
	if name == "" {
		name = "number " + strconv.FormatInt(c.NR, 10)
	}
	s := "forbidden system call: " + name + " (" + c.Arch + ") by process " + strconv.Itoa(c.PID)
	if c.Arch != nativeArch {
		s += "; build the program for " + nativeArch
	}
	return s
}

func failed(r *Result) string {
	s := "setup failed"
	if r.Reason == Internal {
		s = "internal error"
	}
	switch f, step := r.Error, r.Evidence.Setup; {
	case f != nil && f.Text != "":
		s += ": " + f.Text
	case step != nil:
		s += ": " + step.Step + ": " + step.Errno.Error()
	case r.Evidence.Killed == CauseLaunch:
		s += ": the launch did not reach exec before its deadline"
	case r.Evidence.Started && r.Evidence.Killed == "" && r.Evidence.WaitStatus == nil:
		s += ": pid 1 of the jail was killed from outside, so nobody knows how the program ended"
	}
	return s
}

func known(code *int) string {
	if code == nil {
		return "unknown"
	}
	return strconv.Itoa(*code)
}

// raise adds the flag with twice the limit: enough to see whether it is the
// limit's fault. Without a limit there is nothing to raise.
func raise(what, flag string, limit *int64, show func(int64) string) string {
	if limit == nil || *limit > 1<<61 {
		return what
	}
	return what + "; raise it with " + flag + " " + show(*limit*2)
}

func figure(limit *int64, show func(int64) string) string {
	if limit == nil {
		return "the limit"
	}
	return show(*limit)
}

func stream(o *Output) string {
	switch {
	case o.StdoutTruncated && o.StderrTruncated:
		return "stdout and stderr"
	case o.StderrTruncated:
		return "stderr"
	}
	return "stdout"
}

func ofTime(limit *int64) string {
	if limit == nil {
		return ""
	}
	return " of " + duration(*limit)
}

func spent(ns *int64) string {
	if ns == nil {
		return "all"
	}
	return time.Duration(*ns).Round(time.Millisecond).String()
}

func first(a, b *int64) *int64 {
	if a != nil {
		return a
	}
	return b
}

func count(n int64) string    { return strconv.FormatInt(n, 10) }
func amount(n int64) string   { return size.Bytes(n).String() }
func duration(n int64) string { return time.Duration(n).String() }

// about rounds an amount that was measured to one digit after the point: the
// exact form of most is a long row of digits.
func about(n int64) string {
	const suffixes = "KMGTPE"
	i, unit := -1, int64(1)
	for i+1 < len(suffixes) && n/unit >= 1024 {
		unit *= 1024
		i++
	}
	if i < 0 {
		return count(n)
	}
	s := strconv.FormatFloat(float64(n)/float64(unit), 'f', 1, 64)
	if s[len(s)-2:] == ".0" {
		s = s[:len(s)-2]
	}
	return s + suffixes[i:i+1]
}

// oneLine keeps a text that others chose (a path, a call's name) from passing
// for more lines, for commands to the terminal, or for words in another order
// (U+202E and its like).
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
