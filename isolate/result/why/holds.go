package why

import (
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/jailrun/jail/isolate/result"
)

// holds is what the rows of the table of causes are chosen by.
type holds = func(*result.Result) bool

func always(*result.Result) bool    { return true }
func started(r *result.Result) bool { return r.Evidence.Started }

func not(h holds) holds { return func(r *result.Result) bool { return !h(r) } }

func killed(c result.Cause) holds {
	return func(r *result.Result) bool { return r.Evidence.Killed == c }
}

// share says whether CPU time, as percent of the time on the clock, is in a range.
func share(r *result.Result, from, to float64) bool {
	used, ran := cpuUsed(r), wallUsed(r)
	if used == nil || ran == nil || *ran <= 0 {
		return false
	}
	p := float64(*used) / float64(*ran) * 100
	return p >= from && p < to
}

func parallel(r *result.Result) bool      { return share(r, 120, 1e9) }
func waited(r *result.Result) bool        { return share(r, 0, 10) }
func computed(r *result.Result) bool      { return share(r, 90, 1e9) }
func waitedSomehow(r *result.Result) bool { return waited(r) && !waitTold(r) }

func partly(r *result.Result) bool { return !waited(r) && !computed(r) }

func inKernel(r *result.Result) bool {
	u, s := r.Usage.UserNS, r.Usage.SystemNS
	return u != nil && s != nil && *s > 0 && *s >= *u
}

func heldBack(r *result.Result) bool {
	ran := value(wallUsed(r))
	return ran > 0 && value(r.Usage.CPUThrottledNS) >= ran/10 && value(r.Usage.CPUThrottledNS) > 0
}

// The three ways to be out of memory, told apart as result.Sentence does.
func byGroup(r *result.Result) bool {
	return r.Evidence.MemoryGroup != nil && !result.NearMemory(r)
}

func byHost(r *result.Result) bool {
	peak, limit, met := r.Usage.MemoryPeakBytes, r.Limits.MemoryBytes, r.Evidence.MemoryFailcnt
	atLimit := peak != nil && limit != nil && *peak >= *limit
	return !byGroup(r) && met != nil && *met == 0 && !atLimit
}

func byItself(r *result.Result) bool { return !byGroup(r) && !byHost(r) }

// part says whether a figure is so many percent of the peak of memory.
func part(r *result.Result, n int64, percent float64) bool {
	peak := value(r.Usage.MemoryPeakBytes)
	return peak > 0 && float64(n) >= float64(peak)/100*percent
}

func inFiles(r *result.Result) bool { return part(r, value(r.Usage.MemoryShmemBytes), 50) }

func inKernelMemory(r *result.Result) bool {
	return part(r, value(r.Usage.MemoryKernelBytes), 25) || part(r, value(r.Usage.MemorySocketBytes), 25)
}

func sampledMemory(r *result.Result) bool {
	s := r.Usage.MemorySource
	return s != nil && (*s == result.SourceSampled || *s == result.SourceRusage || *s == result.SourceProcfs)
}

func pidsRefused(r *result.Result) bool { return value(r.Evidence.PidsMaxEvents) > 0 }

func ofGroup(r *result.Result) bool {
	l, peak := r.Limits.Pids, r.Usage.PidsPeak
	return r.Limits.Group != nil && l != nil && peak != nil && *peak < *l
}

func full(r *result.Result) bool { return r.Evidence.Box.Full() || r.Evidence.State.Full() }

func stateFull(r *result.Result) bool { return r.Evidence.State.Full() && !r.Evidence.Box.Full() }

func noBlocks(r *result.Result) bool { return r.Evidence.Box != nil && r.Evidence.Box.NoBlocks() }
func noInodes(r *result.Result) bool { return r.Evidence.Box != nil && r.Evidence.Box.NoInodes() }

func diedOf(names ...string) holds {
	return func(r *result.Result) bool {
		return r.SignalName != nil && slices.Contains(names, *r.SignalName) && !result.BornTooLarge(r)
	}
}

// namedSignals are those that rows name.
var namedSignals = []string{"SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGPIPE", "SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"}

func otherSignal(r *result.Result) bool {
	return !diedOf(namedSignals...)(r) && !result.BornTooLarge(r)
}

func refusedCalls(r *result.Result) bool { return len(r.Denials) > 0 }

func succeeded(r *result.Result) bool { return r.ExitCode != nil && *r.ExitCode == 0 }

func failing(h holds) holds {
	return func(r *result.Result) bool { return !succeeded(r) && h(r) }
}

func exitedWith(from, to int) holds {
	return func(r *result.Result) bool { return r.ExitCode != nil && *r.ExitCode >= from && *r.ExitCode <= to }
}

// childSignal is the signal that a shell means by its own exit status.
func childSignal(r *result.Result) string {
	if r.ExitCode == nil {
		return ""
	}
	n := unix.Signal(*r.ExitCode - result.StatusSignalOffset)
	if name := unix.SignalName(n); name != "" {
		return name
	}
	return "signal " + strconv.Itoa(int(n))
}

// unexplained is a failure for which no row has a better explanation.
func unexplained(r *result.Result) bool {
	return !pidsRefused(r) && !full(r) && !result.NearMemory(r) && !refusedCalls(r) && !exitedWith(126, 127)(r) && !exitedWith(129, 192)(r)
}

// unlaunched is a mistake that was found before a launch was tried: such a result
// has no id.
func unlaunched(r *result.Result) bool { return r.ID == "" && !execStep(r) }

func execStep(r *result.Result) bool { return r.Evidence.Setup != nil && r.Evidence.Setup.Exec }

func execFailed(h holds) holds {
	return func(r *result.Result) bool { return execStep(r) && h(r) }
}

func notFound(r *result.Result) bool { return r.Evidence.Setup.Errno == result.Errno(unix.ENOENT) }

func stepFailed(r *result.Result) bool {
	return r.Evidence.Setup != nil && !execStep(r) && !unlaunched(r)
}

func noStep(r *result.Result) bool { return r.Evidence.Setup == nil && !unlaunched(r) }

func nobodyTells(r *result.Result) bool {
	return r.Evidence.Started && r.Evidence.Killed == "" && r.Evidence.WaitStatus == nil
}

func unheard(r *result.Result) bool { return !killed(result.CauseInternal)(r) && !nobodyTells(r) }

// hint is what the error itself advises.
func hint(r *result.Result) string {
	switch {
	case r.Error != nil && r.Error.Hint != "":
		return r.Error.Hint
	case unlaunched(r):
		return "mend what the error names"
	}
	return `"jail doctor" tries a launch, and says what the host lacks`
}
