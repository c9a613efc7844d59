package result

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jailrun/jail/policy"
)

func TestTheSentenceNamesLimitFigureAndFlag(t *testing.T) {
	limits := policy.Limits{
		CPU: time.Second, Wall: 3 * time.Second, Idle: 5 * time.Second, Memory: 512 << 20, Pids: 128,
		Output: 64 << 20, Disk: 256 << 20, Inodes: 65536, FileSize: 10 << 20,
	}
	tests := []struct {
		set  func(*Result)
		want string
	}{
		{evidence(killedFor(CauseCanceled)), "jail: canceled: ended because the caller asked"},
		{func(r *Result) { killedFor(CauseOutput)(&r.Evidence); r.Output.StderrTruncated = true }, "jail: output limit: stderr passed 64M; raise it with --output 128M"},
		{func(r *Result) { killedFor(CauseCPU)(&r.Evidence); r.Evidence.CPUNS = new(int64(1_002_300_000)) }, "jail: cpu limit: used 1.002s of 1s; raise it with --cpu 2s"},
		{func(r *Result) { killedFor(CauseWall)(&r.Evidence); r.Usage.WallNS = new(int64(3_001_000_000)) }, "jail: wall limit: ran for 3.001s of 3s; raise it with --wall 6s"},
		{evidence(killedFor(CauseIdle)), "jail: idle limit: no CPU used and no byte passed for 5s; raise it with --idle 10s"},
		{func(r *Result) { killedFor(CauseMemory)(&r.Evidence); r.Usage.MemoryPeakBytes = new(int64(512 << 20)) }, "jail: memory limit: used 512M of 512M; raise it with --memory 1G"},
		{func(r *Result) {
			killedFor(CauseMemory)(&r.Evidence)
			r.Usage.MemoryPeakBytes = new(int64(511<<20 + 700<<10))
		}, "jail: memory limit: used 511.7M of 512M; raise it with --memory 1G"},
		{func(r *Result) {
			killedFor(CauseMemory)(&r.Evidence)
			r.Evidence.MemoryFailcnt, r.Usage.MemoryPeakBytes = new(int64(0)), new(int64(30<<20))
		}, "jail: memory: the host ran out of it while the jail used 30M of 512M; free some on the host"},
		{func(r *Result) {
			killedFor(CauseSyscall)(&r.Evidence)
			r.Evidence.Call = &Call{Arch: "i386", NR: 11, Name: "execve", PID: 7}
		}, "jail: forbidden system call: execve (i386) by process 7; build the program for " + nativeArch},
		{func(r *Result) {
			killedFor(CauseSuspicious)(&r.Evidence)
			r.Evidence.Call = &Call{Arch: nativeArch, NR: 999, PID: 7}
		}, "jail: forbidden system call: number 999 (" + nativeArch + ") by process 7"},
		{evidence(killedFor(CausePids)), "jail: pids limit: all 128 tasks were in use; raise it with --pids 256"},
		{evidence(killedFor(CauseDisk)), "jail: disk limit: all of 256M is in use; raise it with --disk 512M"},
		{evidence(diedAlone(unix.SIGBUS, func(e *Evidence) { e.Box = &Space{Blocks: 2, BlocksFree: 1, Inodes: 2} })), "jail: disk limit: all 65536 inodes are in use; raise it with --inodes 131072"},
		{evidence(diedAlone(unix.SIGXFSZ, func(e *Evidence) { e.FileSizeLimitBytes = new(int64(10 << 20)) })), "jail: file-size limit: a file would have passed 10M; raise it with --file-size 20M"},
		{evidence(diedAlone(unix.SIGSEGV, nil)), "jail: the program died of SIGSEGV"},
		{evidence(func(e *Evidence) { e.Started, e.WaitStatus = true, exitOf(3) }), "jail: exited with status 3"},
		{func(r *Result) {
			r.Evidence.Setup = &Setup{Step: "mount /proc", Errno: Errno(unix.EPERM)}
			r.Error = &Failure{Text: `mount /proc: operation not permitted (layer pid_ns): run "jail doctor"`, Hint: `run "jail doctor"`}
		}, `jail: setup failed: mount /proc: operation not permitted (layer pid_ns): run "jail doctor"`},
		{evidence(func(e *Evidence) { e.Setup = &Setup{Step: "exec prog", Exec: true, Errno: Errno(unix.ENOENT)} }), "jail: setup failed: exec prog: no such file or directory"},
		{evidence(func(e *Evidence) { e.Killed = CauseLaunch }), "jail: setup failed: the launch did not reach exec before its deadline"},
		{evidence(killedFor(CauseInternal)), "jail: internal error"},
		{evidence(func(e *Evidence) { e.Started = true }), "jail: internal error: pid 1 of the jail was killed from outside, so nobody knows how the program ended"},
	}
	for _, test := range tests {
		r := New("a")
		r.Limits = LimitsOf(limits)
		test.set(r)
		r.Conclude()
		if got := Sentence(r); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestAFailedProgramsLimitIsNamed(t *testing.T) {
	full := &Space{Blocks: 2, Inodes: 2, InodesFree: 1}
	for _, c := range []struct {
		set  func(*Evidence)
		want string
	}{
		{func(e *Evidence) { e.WaitStatus, e.PidsMaxEvents = exitOf(2), new(int64(1)) }, "jail: exited with status 2 after it had met the pids limit: all 128 tasks were in use; raise it with --pids 256"},
		{func(e *Evidence) { e.WaitStatus, e.Box = exitOf(1), full }, "jail: exited with status 1 after it had met the disk limit: all of 256M is in use; raise it with --disk 512M"},
		{func(e *Evidence) { e.WaitStatus, e.Box, e.PidsMaxEvents = exitOf(0), full, new(int64(1)) }, ""},
		{func(e *Evidence) { e.WaitStatus, e.Box, e.PidsMaxEvents = exitOf(1), &Space{}, new(int64(0)) }, ""},
		{func(e *Evidence) { e.Killed, e.Box = CauseWall, full }, ""},
	} {
		r := New("a")
		r.Limits, r.Evidence.Started = LimitsOf(policy.Limits{Pids: 128, Disk: 256 << 20}), true
		c.set(&r.Evidence)
		r.Conclude()
		if got := Met(r); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func TestAMemoryLimitThatWasNearIsNamed(t *testing.T) {
	for _, c := range []struct {
		peak int64
		end  *unix.WaitStatus
		want string
	}{
		{127 << 20, exitOf(1), "jail: exited with status 1, and had come within 5 % of its memory limit of 128M, with its files' cache (--memory)"},
		{127 << 20, exitOf(0), ""},
		{100 << 20, exitOf(1), ""},
		{127 << 20, deathBy(unix.SIGABRT), "jail: the program died of SIGABRT, and had come within 5 % of its memory limit of 128M, with its files' cache (--memory)"},
		{100 << 20, deathBy(unix.SIGABRT), "jail: the program died of SIGABRT"},
		{0, deathBy(unix.SIGSEGV), "jail: the program died of SIGSEGV; without a cgroup --memory bounds what each process may map: it may need more than that to start"},
		{2 << 20, deathBy(unix.SIGSEGV), "jail: the program died of SIGSEGV"},
	} {
		r := New("a")
		r.Limits, r.Evidence.Started = LimitsOf(policy.Limits{Memory: 128 << 20}), true
		r.Usage.MemoryPeakBytes, r.Evidence.WaitStatus = &c.peak, c.end
		r.Conclude()
		got := Met(r)
		if r.Reason == Signaled {
			got = Sentence(r)
		}
		if got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func evidence(set func(*Evidence)) func(*Result) {
	return func(r *Result) { set(&r.Evidence) }
}

func TestTheSentenceSaysOnlyWhatIsKnown(t *testing.T) {
	for _, row := range rows {
		r := New("a")
		row.set(&r.Evidence)
		r.Conclude()
		s := Sentence(r)
		if !strings.HasPrefix(s, "jail: ") || strings.Contains(s, "nil") || strings.HasSuffix(s, " ") || strings.Contains(s, "unknown to this version") {
			t.Errorf("%s: %q", row.name, s)
		}
	}
}

func TestTheSentenceIsOneLineWhateverAPathHolds(t *testing.T) {
	r := New("a")
	r.Evidence.Setup = &Setup{Step: "exec /a\n\x1b[2J\u009b\u202e\u2028\ufeff", Errno: Errno(unix.ENOENT)}
	r.Conclude()
	if got, want := Sentence(r), "jail: setup failed: exec /a??[2J????: no such file or directory"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAboutRoundsToOneDigit(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1023: "1023", 1024: "1K", 1536: "1.5K", 512 << 20: "512M", 1<<30 + 1: "1G", 3 << 40: "3T", 1<<63 - 1: "8E"} {
		if got := about(n); got != want {
			t.Errorf("%d is about %s, want %s", n, got, want)
		}
	}
}
