package plan

import (
	"time"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// Rlimit is one resource limit of the target, setrlimit(2).
type Rlimit struct {
	Name       string
	Resource   int
	Soft, Hard uint64
}

const unlimited = ^uint64(0)

// Rlimits lists the target's limits. A hard limit is never above the caller's:
// raising one takes CAP_SYS_RESOURCE, which a jail doesn't have. RLIMIT_AS is
// never set: runtimes reserve what they don't use.
//
// Without a cgroup, as for an ordinary user who has none delegated, two more
// stand in for it: RLIMIT_NPROC, which counts for each user namespace since
// Linux 5.14, for the user as a whole before, so that the tasks beside the jail
// are added, and RLIMIT_DATA for each process.
func Rlimits(in *Input) []Rlimit {
	l := &in.Policy.Limits
	list := []Rlimit{
		// Not 0: at 0 the kernel still runs a core handler that core_pattern names
		// with a pipe, as root and outside the jail; at exactly 1 it doesn't (core(5)).
		{"core size", unix.RLIMIT_CORE, 1, 1},
		{"open files", unix.RLIMIT_NOFILE, uint64(l.OpenFiles), filesHard(l)},
		{"locked memory", unix.RLIMIT_MEMLOCK, 8 << 20, 8 << 20},
		{"message queues", unix.RLIMIT_MSGQUEUE, 819200, 819200},
		{"realtime priority", unix.RLIMIT_RTPRIO, 0, 0},
		{"nice", unix.RLIMIT_NICE, 0, 0},
		{"pending signals", unix.RLIMIT_SIGPENDING, 1024, 1024},
		{"stack", unix.RLIMIT_STACK, stackSoft(in), stackHard(l)},
	}
	if l.CPU > 0 {
		s := uint64((l.CPU+time.Second-1)/time.Second) + 1
		list = append(list, Rlimit{"CPU time", unix.RLIMIT_CPU, s, s + 1})
	}
	if l.FileSize > 0 {
		list = append(list, Rlimit{"file size", unix.RLIMIT_FSIZE, uint64(l.FileSize), uint64(l.FileSize)})
	}
	if in.Procs == 0 {
		list = append(list, ungrouped(in)...)
	}
	for i := range list {
		lower(&list[i], in.Facts.Rlimits[list[i].Resource].Max)
	}
	return list
}

// countsStage says whether the stage, until the supervisor has reaped it, is one of
// the processes that a limit of them counts: it has entered the jail's user
// namespace to make the network.
func countsStage(in *Input) bool { return in.Procs == 0 && in.Policy.Limits.Pids > 0 }

func ungrouped(in *Input) (list []Rlimit) {
	l := &in.Policy.Limits
	if l.Pids > 0 {
		n := uint64(l.Pids+in.Beside) + 1 // init has the same id
		list = append(list, Rlimit{"processes", unix.RLIMIT_NPROC, n, n})
	}
	if l.Memory > 0 {
		n := uint64(l.Memory)
		list = append(list, Rlimit{"data", unix.RLIMIT_DATA, n, n})
	}
	return list
}

func lower(r *Rlimit, hard uint64) {
	r.Hard = min(r.Hard, hard)
	r.Soft = min(r.Soft, r.Hard)
}

func bytesOr(n int64) uint64 {
	if n < 0 {
		return unlimited
	}
	return uint64(n)
}

// filesHard leaves runtimes that want more than the default room to take it; a
// number that was asked for is a bound.
func filesHard(l *policy.Limits) uint64 {
	const usual, room = 1024, 20000
	if l.OpenFiles == usual {
		return room
	}
	return uint64(l.OpenFiles)
}

// stackSoft is also what libraries reserve for each further thread, and without a
// group that counts as memory (RLIMIT_DATA, getrlimit(2)): with the usual stack and
// little memory there would be room for one thread, and programs hang that can't
// make a second, as node does. So they get less, unless it was asked for.
func stackSoft(in *Input) uint64 {
	const usual, least, share = 8 << 20, 512 << 10, 16
	l := &in.Policy.Limits
	if in.Procs > 0 || l.Memory <= 0 || l.Stack != usual {
		return bytesOr(int64(l.Stack))
	}
	return min(usual, max(uint64(l.Memory)/share, least))
}

// stackHard lets a program raise its stack up to its memory.
func stackHard(l *policy.Limits) uint64 {
	return max(bytesOr(int64(l.Stack)), bytesOr(int64(l.Memory)))
}
