package result

import "golang.org/x/sys/unix"

// Reason is why a run ended: one of a closed set.
type Reason string

// The reasons; [Reasons] says what each needs.
const (
	Canceled    Reason = "canceled"
	OutputLimit Reason = "output"
	CPULimit    Reason = "cpu-limit"
	WallLimit   Reason = "wall-limit"
	Idle        Reason = "idle"
	Memory      Reason = "memory"
	Syscall     Reason = "syscall"
	Pids        Reason = "pids"
	Disk        Reason = "disk"
	FileSize    Reason = "file-size"
	Signaled    Reason = "signaled"
	Exited      Reason = "exited"
	SetupFailed Reason = "setup-failed"
	Internal    Reason = "internal"
)

// Decide names the one reason for a run's end. It is pure and total: all that
// it may weigh is in e, and whatever e holds, the answer is of the closed set.
//
// The first row that holds decides. A limit that ended the launch itself (a
// memory bound too small for exec) is named by its limit, not as setup-failed;
// a program's own end is believed only when the jail did not kill it.
func Decide(e Evidence) Reason {
	for i := range verdicts { // in order of precedence
		if verdicts[i].holds(&e) {
			return verdicts[i].Reason
		}
	}
	return Internal
}

// ReasonInfo is one row of the table of reasons.
type ReasonInfo struct {
	Reason   Reason
	Evidence string // what decides it
	Flag     string // the flag that raises the limit; "" when there is none
	Exit     string // jail's exit status
}

// Reasons returns the closed set in order of precedence, for docs and help.
func Reasons() []ReasonInfo {
	all := make([]ReasonInfo, len(verdicts))
	for i := range verdicts {
		all[i] = verdicts[i].ReasonInfo
	}
	return all
}

// flagOf returns the flag that raises a reason's limit.
func flagOf(r Reason) string {
	for i := range verdicts {
		if verdicts[i].Reason == r {
			return verdicts[i].Flag
		}
	}
	return ""
}

type verdict struct {
	ReasonInfo
	holds func(*Evidence) bool
}

// verdicts is the one place where a reason is decided. First match wins.
var verdicts = [...]verdict{
	{ReasonInfo{Canceled, "the caller asked, and the kill is ours", "", "137; 130 in a shell when jail exec was interrupted"}, canceled},
	{ReasonInfo{OutputLimit, "more bytes than the bound came out of stdout or stderr, and the kill is ours", "--output", "137"}, outputPassed},
	{ReasonInfo{CPULimit, "CPU usage passed the limit, and the kill is ours; or the program died of SIGXCPU or SIGKILL, not ours, with its usage at the limit (RLIMIT_CPU, the backstop)", "--cpu", "137; 152 by SIGXCPU"}, cpuPassed},
	{ReasonInfo{WallLimit, "the clock passed the limit before the program ended; or it died of SIGKILL, not the supervisor's, with the clock at the limit (init's timer, the backstop)", "--wall", "137"}, wallPassed},
	{ReasonInfo{Idle, "for the window no task used more than 1 ms of CPU and no byte passed on the streams, and the kill is ours; waiting for an open, empty stdin counts as idle", "--idle", "137"}, idled},
	{ReasonInfo{Memory, "the oom_kill counter of the jail's group is above 0 and a task of the jail was the victim, a child as well as the program itself: an out-of-memory kill ends the whole jail; or, where there is no group, the sampled sum passed the limit and the kill is ours. That the limit was met (failcnt) is never enough", "--memory", "137"}, memoryKilled},
	{ReasonInfo{Syscall, "the listener saw a call of a foreign architecture, or a suspicious one that the policy kills for, and killed", "", "137"}, callKilled},
	{ReasonInfo{Pids, "the limit was met and the kill is ours (--pids-action kill); or the program died of a signal not ours and the limit had refused a task", "--pids", "137 when killed by the jail, else 128+n"}, pidsMet},
	{ReasonInfo{Disk, "the disk was full and the kill is ours (--disk-action kill); or the program died of a signal not ours and no block or no inode was free", "--disk", "137 when killed by the jail, else 128+n"}, diskFull},
	{ReasonInfo{FileSize, "the program died of SIGXFSZ, not ours, and RLIMIT_FSIZE was set", "--file-size", "153"}, fileTooLarge},
	{ReasonInfo{Signaled, "the program died of a signal that the jail did not send", "", "128+n; 125 when output of it was lost"}, signaled},
	{ReasonInfo{Exited, "the program exited by itself; one that handles ENOMEM, ENOSPC or EAGAIN and exits is here, with the counters in the evidence", "", "the program's own; 125 when output, an `--out` or its state was lost"}, exited},
	{ReasonInfo{SetupFailed, "the launch failed at a step that is named, before the program's first instruction; or what was read back did not prove a required layer, which with `--verify fast` a program has just begun to run by then", "", "127 when the program or its interpreter was not found, 126 when it could not be executed, else 125"}, setupFailed},
	{ReasonInfo{Internal, "the supervisor could not go on watching, or nothing above holds", "", "125"}, always},
}

func canceled(e *Evidence) bool     { return e.Killed == CauseCanceled }
func outputPassed(e *Evidence) bool { return e.Killed == CauseOutput }
func idled(e *Evidence) bool        { return e.Killed == CauseIdle }
func signaled(e *Evidence) bool     { return e.died() }
func always(*Evidence) bool         { return true }

func exited(e *Evidence) bool { return e.ran() && e.WaitStatus.Exited() }

func callKilled(e *Evidence) bool {
	return e.Killed == CauseSyscall || e.Killed == CauseSuspicious
}

// The soft RLIMIT_CPU sends SIGXCPU and the hard one SIGKILL: setrlimit(2). A
// program may send itself either, so the usage must bear it out.
func cpuPassed(e *Evidence) bool {
	return e.Killed == CauseCPU ||
		(e.diedOf(unix.SIGXCPU) || e.diedOf(unix.SIGKILL)) && reached(e.CPUNS, e.CPULimitNS)
}

func wallPassed(e *Evidence) bool {
	return e.Killed == CauseWall || e.diedOf(unix.SIGKILL) && reached(e.WallNS, e.WallLimitNS)
}

func memoryKilled(e *Evidence) bool {
	return e.Killed == CauseMemory || e.OOMVictim && value(e.OOMKills) > 0
}

func pidsMet(e *Evidence) bool {
	return e.Killed == CausePids || e.died() && !fileTooLarge(e) && value(e.PidsMaxEvents) > 0
}

func diskFull(e *Evidence) bool {
	return e.Killed == CauseDisk || e.died() && !fileTooLarge(e) && (e.Box.Full() || e.State.Full())
}

// SIGXFSZ under RLIMIT_FSIZE names its limit by itself, so neither a full disk
// nor a refused fork can be the better explanation.
func fileTooLarge(e *Evidence) bool {
	return e.diedOf(unix.SIGXFSZ) && e.FileSizeLimitBytes != nil
}

// The launch deadline is a kill of ours whose step need not be known.
func setupFailed(e *Evidence) bool {
	return !e.Started && (e.Setup != nil || e.Killed == CauseLaunch)
}
