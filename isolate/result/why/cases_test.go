package why

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// cases are results, one at least for each row of the tables, by the names of
// their goldens.
var cases = []struct {
	name string
	set  func(*result.Result)
}{
	{"canceled", kill(result.CauseCanceled)},
	{"canceled-launch", func(r *result.Result) { r.Evidence = result.Evidence{Killed: result.CauseCanceled} }},
	{"output", with(kill(result.CauseOutput), func(r *result.Result) {
		r.Output = result.Output{StdoutBytes: 64 << 20, StdoutTruncated: true, StderrBytes: 12}
	})},
	{"cpu-limit", with(kill(result.CauseCPU), times(1001, 1010), func(r *result.Result) {
		r.Usage.Noisy, r.Usage.Noise = new(false), &result.Noise{Causes: []result.Disturbance{}}
	})},
	{"cpu-limit-threads", with(kill(result.CauseCPU), times(1001, 260), func(r *result.Result) {
		r.Usage.PidsPeak, r.Usage.UserNS, r.Usage.SystemNS = new(int64(4)), new(int64(2e8)), new(int64(8e8))
	})},
	{"cpu-limit-backstop", with(died(unix.SIGXCPU), times(1000, 1010))},
	{"wall-limit-waiting", with(kill(result.CauseWall), times(12, 3001))},
	{"wall-limit-computing", with(kill(result.CauseWall), times(2990, 3001))},
	{"wall-limit-throttled", with(kill(result.CauseWall), times(900, 3001), func(r *result.Result) {
		r.Usage.CPUThrottledNS, r.Limits.CPUMax = new(int64(2e9)), new("30%")
	})},
	{"wall-limit-backstop", with(died(unix.SIGKILL), times(12, 3001))},
	{"idle", with(kill(result.CauseIdle), times(12, 5002))},
	{"wall-limit-in-a-pipeline", with(kill(result.CauseWall), times(12, 3001), doings(3,
		said("sh", 2, "wait4", -1, ""), said("cat\x1b", 4, "read", 0, "pipe:[7]"), said("sleep", 3, "clock_nanosleep", -1, "")))},
	{"wall-limit-hidden", with(kill(result.CauseWall), times(12, 3001), doings(0, said("secret", 2, "absent: EACCES", -1, "")))},
	{"idle-reading", with(kill(result.CauseIdle), times(12, 5002), doings(0, said("cat", 2, "read", 0, "pipe:[7]")))},
	{"idle-stopped", with(kill(result.CauseIdle), times(12, 5002), doings(0, result.LastWord{Comm: "a", State: result.DoingStopped}))},
	{"cpu-limit-running", with(kill(result.CauseCPU), times(1001, 1010), doings(2, result.LastWord{Comm: "a", InnerPID: 2, State: result.DoingRun}))},
	{"memory", with(kill(result.CauseMemory), memoryOf(256<<20), func(r *result.Result) {
		r.Evidence.OOMKills, r.Evidence.OOMVictim, r.Evidence.MemoryFailcnt = new(int64(1)), true, new(int64(35))
	})},
	{"memory-in-files", with(kill(result.CauseMemory), memoryOf(256<<20), func(r *result.Result) {
		r.Usage.MemoryFileBytes, r.Usage.MemoryShmemBytes, r.Usage.MemoryKernelBytes = new(int64(200<<20)), new(int64(199<<20)), new(int64(70<<20))
	})},
	{"memory-of-a-group", with(kill(result.CauseMemory), memoryOf(20<<20), func(r *result.Result) {
		r.Evidence.MemoryGroup, r.Evidence.OOMKills = new("web/api\x1b[2J"), new(int64(1))
	})},
	{"memory-of-the-host", with(kill(result.CauseMemory), memoryOf(20<<20), func(r *result.Result) {
		r.Evidence.OOMKills, r.Evidence.OOMVictim, r.Evidence.MemoryFailcnt = new(int64(1)), true, new(int64(0))
	})},
	{"memory-without-a-group", with(kill(result.CauseMemory), memoryOf(260<<20), func(r *result.Result) {
		r.Usage.MemorySource = new(result.SourceSampled)
		*r.Enforced.At(policy.LayerCgroup) = result.Wall{State: result.StateAbsent, Detail: "make the group: permission denied"}
	})},
	{"syscall-suspicious", with(kill(result.CauseSuspicious), func(r *result.Result) {
		r.Evidence.Call = &result.Call{Arch: "x86_64", NR: 101, Name: "ptrace", PID: 4711}
		r.Denials = []result.Denial{{Layer: policy.LayerSeccomp, Syscall: "ptrace", Object: "request=PTRACE_TRACEME pid=0", Count: 1, Rule: "debugging: reads and writes other processes", PID: 4711}}
	})},
	{"syscall-foreign", with(kill(result.CauseSyscall), func(r *result.Result) {
		r.Evidence.Call = &result.Call{Arch: "i386", NR: 20, Name: "i386:20", PID: 4711}
	})},
	{"pids", with(kill(result.CausePids), tasksOf(128, 3))},
	{"pids-died", with(died(unix.SIGABRT), tasksOf(128, 1))},
	{"pids-of-a-group", with(kill(result.CausePids), tasksOf(20, 1), func(r *result.Result) { r.Limits.Group = new("web") })},
	{"disk", with(kill(result.CauseDisk), func(r *result.Result) {
		r.Evidence.Box = &result.Space{Blocks: 65536, Inodes: 65536, InodesFree: 65530}
	})},
	{"disk-inodes", with(died(unix.SIGBUS), func(r *result.Result) {
		r.Evidence.Box = &result.Space{Blocks: 65536, BlocksFree: 60, Inodes: 65536}
	})},
	{"disk-state", with(kill(result.CauseDisk), func(r *result.Result) {
		r.State, r.Evidence.State = new("build-1"), &result.Space{Blocks: 65536, BlocksFree: 60000, Inodes: 2048}
	})},
	{"disk-no-longer-full", kill(result.CauseDisk)},
	{"file-size", with(died(unix.SIGXFSZ), func(r *result.Result) {
		r.Evidence.FileSizeLimitBytes, r.Limits.FileSizeBytes = new(int64(10<<20)), new(int64(10<<20))
	})},
	{"signaled-segv", died(unix.SIGSEGV)},
	{"signaled-born-too-large", with(died(unix.SIGSEGV), memoryOf(0), func(r *result.Result) {
		*r.Enforced.At(policy.LayerCgroup) = result.Wall{State: result.StateAbsent, Detail: "no group was made"}
	})},
	{"signaled-bus", died(unix.SIGBUS)},
	{"signaled-abrt", with(died(unix.SIGABRT), memoryOf(250<<20))},
	{"signaled-fpe", died(unix.SIGFPE)},
	{"signaled-ill", died(unix.SIGILL)},
	{"signaled-sys", with(died(unix.SIGSYS), refusals(1))},
	{"signaled-pipe", died(unix.SIGPIPE)},
	{"signaled-kill", died(unix.SIGKILL)},
	{"signaled-term", died(unix.SIGTERM)},
	{"signaled-other", died(unix.SIGUSR1)},
	{"exited", exit(0)},
	{"exited-failed", with(exit(1), func(r *result.Result) { r.Output.StdoutError = new("ENOSPC") })},
	{"exited-pids", with(exit(1), tasksOf(128, 9))},
	{"exited-disk", with(exit(1), func(r *result.Result) { r.Evidence.Box = &result.Space{Blocks: 65536, Inodes: 65536} })},
	{"exited-state", with(exit(1), func(r *result.Result) {
		r.State, r.Evidence.State = new("build-1"), &result.Space{Blocks: 65536, Inodes: 2048, InodesFree: 7}
	})},
	{"exited-memory", with(exit(1), memoryOf(255<<20))},
	{"exited-denials", with(exit(1), refusals(20), func(r *result.Result) { r.DenialsTruncated = true })},
	{"exited-127", exit(127)},
	{"exited-126", exit(126)},
	{"exited-139", exit(139)},
	{"exited-noisy", with(exit(0), times(900, 1200), noise)},
	{"exited-walls", with(exit(0), weakened)},
	{"setup-failed-flag", func(r *result.Result) {
		*r = *result.New("")
		r.Evidence.Setup = &result.Setup{Index: -1, Step: "read the command line"}
		r.Error = &result.Failure{Op: "read the command line", Text: `--memroy: unknown flag: did you mean --memory?`, Hint: "did you mean --memory?"}
	}},
	{"setup-failed-flag-without-a-hint", func(r *result.Result) {
		*r = *result.New("")
		r.Evidence.Setup = &result.Setup{Index: -1, Step: "open the result"}
	}},
	{"setup-failed-not-found", setup(&result.Setup{Index: 190, Step: "execve prog\x1b]0;x\a", Errno: result.Errno(unix.ENOENT), Exec: true}, "")},
	{"setup-failed-not-executed", setup(&result.Setup{Index: 190, Step: "execve ./a.out", Errno: result.Errno(unix.EACCES), Exec: true}, "chmod +x a.out")},
	{"setup-failed-step", setup(&result.Setup{Index: 6, Step: "mount /proc", Errno: result.Errno(unix.EPERM)}, `run "jail doctor"`)},
	{"setup-failed-deadline", func(r *result.Result) { r.Evidence = result.Evidence{Killed: result.CauseLaunch} }},
	{"internal", with(kill(result.CauseInternal), func(r *result.Result) {
		r.Error = &result.Failure{Op: "watch the jail", Errno: result.Errno(unix.EMFILE), Text: "watch the jail: too many open files: raise ulimit -n", Hint: "raise ulimit -n"}
	})},
	{"internal-init-killed", func(r *result.Result) { r.Evidence.WaitStatus = nil }},
	{"internal-unknown", func(r *result.Result) { r.Evidence = result.Evidence{} }},
	{"changed-since", with(exit(3), func(r *result.Result) { r.Reason = result.WallLimit })},
}

// sample is a run of which nothing is said yet but that it was started, with all
// walls.
func sample() *result.Result {
	r := result.New("4242-dn8hb60u29sz-1")
	for _, l := range policy.AllLayers() {
		*r.Enforced.At(l.Name) = result.Wall{State: result.StateEnforced, Detail: "read back"}
	}
	r.Limits = result.LimitsOf(policy.Limits{
		CPU: time.Second, Wall: 3 * time.Second, Idle: 5 * time.Second, Memory: 256 << 20, Pids: 128,
		Output: 64 << 20, Disk: 256 << 20, Inodes: 65536, Stack: 8 << 20,
	})
	r.Evidence.Started = true
	r.Usage.WallNS = new(int64(75_411_354))
	return r
}

// made is a case's result.
func made(set func(*result.Result)) *result.Result {
	r := sample()
	set(r)
	reason := r.Reason
	if r.Conclude(); reason != result.Internal {
		r.Reason = reason // as whoever has changed the file wants it
	}
	return r
}

type setter = func(*result.Result)

func with(list ...setter) setter {
	return func(r *result.Result) {
		for _, set := range list {
			set(r)
		}
	}
}

func kill(c result.Cause) setter {
	return func(r *result.Result) {
		r.Evidence.Killed, r.Evidence.WaitStatus = c, new(unix.WaitStatus(unix.SIGKILL))
	}
}

func died(s unix.Signal) setter {
	return func(r *result.Result) { r.Evidence.WaitStatus = new(unix.WaitStatus(s)) }
}

func exit(status int) setter {
	return func(r *result.Result) { r.Evidence.WaitStatus = new(unix.WaitStatus(status) << 8) }
}

// times sets CPU time and time on the clock, in milliseconds.
func times(cpu, wall int64) setter {
	return func(r *result.Result) {
		e, u := &r.Evidence, &r.Usage
		e.CPUNS, e.WallNS, e.CPULimitNS, e.WallLimitNS = new(cpu*1e6), new(wall*1e6), r.Limits.CPUNS, r.Limits.WallNS
		u.CPUNS, u.WallNS, u.CPUSource = e.CPUNS, e.WallNS, new(result.SourceCgroupV1)
	}
}

func doings(more int64, list ...result.LastWord) setter {
	return func(r *result.Result) { r.Evidence.LastWords, r.Evidence.LastWordsMore = list, &more }
}

// said is a thread that waited in a call.
func said(comm string, pid int, call string, fd int, target string) result.LastWord {
	l := result.LastWord{PID: 4700 + pid, InnerPID: pid, TID: 4700 + pid, Comm: comm, State: result.DoingWait, Syscall: &call, Wchan: new("do_" + call)}
	if fd >= 0 {
		l.FD, l.Target = &fd, &target
	}
	return l
}

func memoryOf(peak int64) setter {
	return func(r *result.Result) {
		r.Usage.MemoryPeakBytes, r.Usage.MemorySource = &peak, new(result.SourceCgroupV2)
	}
}

func tasksOf(peak, refused int64) setter {
	return func(r *result.Result) { r.Usage.PidsPeak, r.Evidence.PidsMaxEvents = &peak, &refused }
}

func refusals(n int) setter {
	return func(r *result.Result) {
		for i := range n {
			r.Denials = append(r.Denials, result.Denial{
				Layer: policy.LayerSeccomp, Syscall: "mount", Object: `source="/\x1b" target="/mnt"`, Errno: result.Errno(unix.EPERM),
				Count: int64(i + 1), Rule: "mounts: changes what is seen", Fix: "name it by --bind", PID: 7,
			})
		}
	}
}

func noise(r *result.Result) {
	ns := new(int64(250e6))
	r.Usage.Noisy = new(true)
	r.Usage.Noise = &result.Noise{KeptNS: ns, WaitedNS: ns, OthersNS: ns, StealNS: ns, HostMemoryNS: ns, Causes: []result.Disturbance{
		result.DisturbedKept, result.DisturbedWaited, result.DisturbedOthers, result.DisturbedSteal, result.DisturbedMemory, result.DisturbedShared, "moon\n",
	}}
}

func weakened(r *result.Result) {
	for l, w := range map[policy.Layer]result.Wall{
		policy.LayerUserNS:   {State: result.StateEnforced, Detail: "uid 1000 is the caller's; init has the same, and supplementary groups stay"},
		policy.LayerSeccomp:  {State: result.StateEnforced, Detail: "PR_GET_SECCOMP gives 2 (filter), without a listener"},
		policy.LayerLandlock: {State: result.StateEnforced, Detail: "ABI 3, a probe outside the rules opened before and gave EACCES after"},
		policy.LayerRootfs:   {State: result.StateEnforced, Detail: "view merged-usr; its folders are bound, not overlays"},
		policy.LayerNetNS:    {State: result.StateOff, Detail: "switched off by the policy"},
		policy.LayerTimeNS:   {State: result.StateAbsent, Detail: "the kernel has no \x1b[1m/proc/self/ns/time"},
	} {
		*r.Enforced.At(l) = w
	}
}

func setup(s *result.Setup, hint string) setter {
	return func(r *result.Result) {
		*r = *result.New(r.ID)
		r.Evidence = result.Evidence{Killed: result.CauseLaunch, Setup: s}
		r.Error = &result.Failure{Op: "launch", Step: s.Step, Errno: s.Errno, Text: s.Step + ": " + s.Errno.Error(), Hint: hint}
	}
}
