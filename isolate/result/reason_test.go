package result

import (
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// As wait(2) encodes them.
func exitOf(code int) *unix.WaitStatus            { return new(unix.WaitStatus(code&0xff) << 8) }
func deathBy(signal unix.Signal) *unix.WaitStatus { return new(unix.WaitStatus(signal)) }

func killedFor(c Cause) func(*Evidence) {
	return func(e *Evidence) { e.Started, e.Killed, e.WaitStatus = true, c, deathBy(unix.SIGKILL) }
}

func diedAlone(s unix.Signal, more func(*Evidence)) func(*Evidence) {
	return func(e *Evidence) {
		e.Started, e.Killed, e.WaitStatus = true, "", deathBy(s)
		if more != nil {
			more(e)
		}
	}
}

// rows holds, in order of precedence, evidence for each way to each reason.
// Each sets all that its way needs and nothing else.
var rows = []struct {
	name   string
	set    func(*Evidence)
	reason Reason
}{
	{"the caller asked", killedFor(CauseCanceled), Canceled},
	{"the caller asked during the launch", func(e *Evidence) { e.Killed = CauseCanceled }, Canceled},
	{"output passed", killedFor(CauseOutput), OutputLimit},
	{"cpu passed", killedFor(CauseCPU), CPULimit},
	{"SIGXCPU at the limit", diedAlone(unix.SIGXCPU, func(e *Evidence) { e.CPUNS, e.CPULimitNS = new(int64(11)), new(int64(10)) }), CPULimit},
	{"SIGKILL by the hard RLIMIT_CPU", diedAlone(unix.SIGKILL, func(e *Evidence) { e.CPUNS, e.CPULimitNS = new(int64(10)), new(int64(10)) }), CPULimit},
	{"wall passed", killedFor(CauseWall), WallLimit},
	{"SIGKILL by init's timer", diedAlone(unix.SIGKILL, func(e *Evidence) { e.WallNS, e.WallLimitNS = new(int64(11)), new(int64(10)) }), WallLimit},
	{"idle", killedFor(CauseIdle), Idle},
	{"the program was the OOM victim", diedAlone(unix.SIGKILL, oomKill), Memory},
	{"a child was the OOM victim", func(e *Evidence) { e.Started, e.Killed, e.WaitStatus = true, "", exitOf(0); oomKill(e) }, Memory},
	{"the jail ended after an OOM kill", killedFor(CauseMemory), Memory},
	{"OOM kill during the launch", func(e *Evidence) { e.Started = false; e.Setup = &Setup{Step: "exec"}; oomKill(e) }, Memory},
	{"foreign call", killedFor(CauseSyscall), Syscall},
	{"suspicious call", killedFor(CauseSuspicious), Syscall},
	{"pids action kill", killedFor(CausePids), Pids},
	{"death after a refused fork", diedAlone(unix.SIGABRT, func(e *Evidence) { e.PidsMaxEvents = new(int64(1)) }), Pids},
	{"disk action kill", killedFor(CauseDisk), Disk},
	{"death on a disk without blocks", diedAlone(unix.SIGBUS, func(e *Evidence) { e.Box = &Space{Blocks: 9, Inodes: 9, InodesFree: 1} }), Disk},
	{"death on a disk without inodes", diedAlone(unix.SIGSEGV, func(e *Evidence) { e.Box = &Space{Blocks: 9, BlocksFree: 1, Inodes: 9} }), Disk},
	{"SIGXFSZ under RLIMIT_FSIZE", diedAlone(unix.SIGXFSZ, func(e *Evidence) { e.FileSizeLimitBytes = new(int64(1)) }), FileSize},
	{"died", diedAlone(unix.SIGSEGV, nil), Signaled},
	{"exited", func(e *Evidence) { e.Started, e.Killed, e.WaitStatus = true, "", exitOf(3) }, Exited},
	{"a step failed", func(e *Evidence) { e.Started = false; e.Setup = &Setup{Step: "mount /proc", Errno: Errno(unix.EINVAL)} }, SetupFailed},
	{"the launch hung", func(e *Evidence) { e.Started = false; e.Killed = CauseLaunch }, SetupFailed},
	{"the supervisor gave up", killedFor(CauseInternal), Internal},
	{"nothing is known", func(*Evidence) {}, Internal},
}

func oomKill(e *Evidence) { e.OOMKills, e.OOMVictim = new(int64(1)), true }

func TestEachReasonHasEvidenceThatDecidesIt(t *testing.T) {
	seen := map[Reason]bool{}
	for _, row := range rows {
		var e Evidence
		row.set(&e)
		if got := Decide(e); got != row.reason {
			t.Errorf("%s: got %s, want %s", row.name, got, row.reason)
		}
		seen[row.reason] = true
	}
	for _, info := range Reasons() {
		if !seen[info.Reason] {
			t.Errorf("no evidence is tested for %s", info.Reason)
		}
	}
}

// For each pair, the lower row's evidence is laid down first and the higher
// row's over it: what is left of the lower must not change the verdict.
func TestTheHigherRowWinsForEveryPair(t *testing.T) {
	for i, high := range rows {
		for _, low := range rows[i+1:] {
			var e Evidence
			low.set(&e)
			high.set(&e)
			if got := Decide(e); got != high.reason {
				t.Errorf("%q over %q: got %s, want %s", high.name, low.name, got, high.reason)
			}
		}
	}
}

func TestTheTableIsInTheOrderOfPrecedence(t *testing.T) {
	want := []Reason{Canceled, OutputLimit, CPULimit, WallLimit, Idle, Memory, Syscall, Pids, Disk, FileSize, Signaled, Exited, SetupFailed, Internal}
	var got []Reason
	for _, info := range Reasons() {
		got = append(got, info.Reason)
		if info.Evidence == "" || info.Exit == "" {
			t.Errorf("%s: a row without words", info.Reason)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestWhatIsNoEvidenceDecidesNothing(t *testing.T) {
	tests := []struct {
		name string
		set  func(*Evidence)
		want Reason
	}{
		{"failcnt without an OOM kill", func(e *Evidence) { e.Started, e.WaitStatus, e.MemoryFailcnt = true, exitOf(0), new(int64(900)) }, Exited},
		{"a program that handles ENOMEM", func(e *Evidence) {
			e.Started, e.WaitStatus, e.MemoryFailcnt, e.OOMKills = true, exitOf(1), new(int64(9)), new(int64(0))
		}, Exited},
		{"an OOM kill of no task of ours", diedAlone(unix.SIGKILL, func(e *Evidence) { e.OOMKills = new(int64(1)) }), Signaled},
		{"refused forks and an exit", func(e *Evidence) { e.Started, e.WaitStatus, e.PidsMaxEvents = true, exitOf(1), new(int64(9)) }, Exited},
		{"a full disk and an exit", func(e *Evidence) { e.Started, e.WaitStatus, e.Box = true, exitOf(1), &Space{Blocks: 1} }, Exited},
		{"a disk without a bound", diedAlone(unix.SIGBUS, func(e *Evidence) { e.Box = &Space{} }), Signaled},
		{"kill -XCPU of itself", diedAlone(unix.SIGXCPU, func(e *Evidence) { e.CPUNS, e.CPULimitNS = new(int64(1)), new(int64(10)) }), Signaled},
		{"SIGXCPU without a limit", diedAlone(unix.SIGXCPU, func(e *Evidence) { e.CPUNS = new(int64(1)) }), Signaled},
		{"kill -XFSZ of itself", diedAlone(unix.SIGXFSZ, nil), Signaled},
		{"SIGSEGV under RLIMIT_FSIZE", diedAlone(unix.SIGSEGV, func(e *Evidence) { e.FileSizeLimitBytes = new(int64(1)) }), Signaled},
		{"SIGXFSZ under RLIMIT_FSIZE on a full disk", diedAlone(unix.SIGXFSZ, func(e *Evidence) { e.FileSizeLimitBytes = new(int64(1)); e.Box = &Space{Blocks: 1} }), FileSize},
		{"SIGXFSZ on a full disk without RLIMIT_FSIZE", diedAlone(unix.SIGXFSZ, func(e *Evidence) { e.Box = &Space{Blocks: 1} }), Disk},
		{"SIGSYS without a listener", diedAlone(unix.SIGSYS, nil), Signaled},
		{"an exit that raced the kill", func(e *Evidence) { e.Started, e.Killed, e.WaitStatus = true, CauseWall, exitOf(0) }, WallLimit},
		{"an exit when the supervisor gave up", func(e *Evidence) { e.Started, e.Killed, e.WaitStatus = true, CauseInternal, exitOf(0) }, Internal},
		{"a status of a stage that never came to exec", func(e *Evidence) { e.WaitStatus = exitOf(0) }, Internal},
		{"a cause of another version", killedFor("meteor"), Internal},
	}
	for _, test := range tests {
		var e Evidence
		test.set(&e)
		if got := Decide(e); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestDecideIsTotal(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		holdsTheSet(t, someEvidence(rnd))
	}
}

func FuzzDecideIsTotal(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		holdsTheSet(t, someEvidence(rand.New(rand.NewPCG(a, b))))
	})
}

// holdsTheSet states what is true of every verdict.
func holdsTheSet(t *testing.T, e Evidence) {
	t.Helper()
	r := New("fuzz")
	r.Evidence = e
	r.Conclude()
	if !slices.ContainsFunc(Reasons(), func(i ReasonInfo) bool { return i.Reason == r.Reason }) {
		t.Fatalf("%+v: %q is no reason", e, r.Reason)
	}
	if (r.Reason == Exited) != (r.ExitCode != nil) {
		t.Fatalf("%+v: %s with exit_code %v", e, r.Reason, r.ExitCode)
	}
	if (r.Signal == nil) != (r.SignalName == nil) {
		t.Fatalf("%+v: a signal without a name, or the other way round", e)
	}
	if r.Reason != Exited && ExitStatus(r) == 0 {
		t.Fatalf("%+v: %s looks like success", e, r.Reason)
	}
	if s := ExitStatus(r); s < 0 || s > 255 {
		t.Fatalf("%+v: status %d", e, s)
	}
	if e.Killed != "" && (r.Reason == Exited || r.Reason == Signaled) {
		t.Fatalf("%+v: a kill of ours passes for the program's own end", e)
	}
}

func someEvidence(rnd *rand.Rand) Evidence {
	causes := []Cause{"", "", "", CauseCanceled, CauseOutput, CauseCPU, CauseWall, CauseIdle, CauseMemory, CausePids, CauseDisk, CauseSyscall, CauseSuspicious, CauseLaunch, CauseInternal, "meteor"}
	some := func() *int64 {
		if rnd.IntN(2) == 0 {
			return nil
		}
		return new(int64(rnd.IntN(4)) - 1)
	}
	e := Evidence{
		Started: rnd.IntN(3) > 0, Killed: causes[rnd.IntN(len(causes))],
		CPUNS: some(), CPULimitNS: some(), WallNS: some(), WallLimitNS: some(),
		OOMKills: some(), OOMVictim: rnd.IntN(2) == 0, MemoryFailcnt: some(), PidsMaxEvents: some(), FileSizeLimitBytes: some(),
	}
	if rnd.IntN(4) > 0 {
		e.WaitStatus = exitOf(rnd.IntN(256))
		if rnd.IntN(2) == 0 {
			e.WaitStatus = deathBy(unix.Signal(1 + rnd.IntN(64)))
		}
	}
	if rnd.IntN(2) == 0 {
		e.Box = &Space{rnd.Int64N(2), rnd.Int64N(2), rnd.Int64N(2), rnd.Int64N(2)}
	}
	if rnd.IntN(3) == 0 {
		e.Setup = &Setup{Errno: Errno(rnd.IntN(3)), Exec: rnd.IntN(2) == 0}
	}
	return e
}
