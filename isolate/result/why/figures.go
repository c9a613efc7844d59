package why

import (
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/result"
)

// The functions of this file show one fact each, and give "" where it is not known.

func ended(r *result.Result) string {
	switch {
	case r.Evidence.Killed != "":
		return "yes, cause " + plain(string(r.Evidence.Killed))
	case r.Evidence.Started:
		return "no"
	}
	return ""
}

func signal(r *result.Result) string {
	switch {
	case r.Signal == nil:
		return ""
	case r.SignalName == nil:
		return strconv.Itoa(*r.Signal)
	}
	return plain(*r.SignalName) + " (" + strconv.Itoa(*r.Signal) + ")"
}

func statusOf(r *result.Result) string {
	if r.ExitCode == nil {
		return ""
	}
	return strconv.Itoa(*r.ExitCode)
}

func ran(r *result.Result) string {
	if r.Usage.WallNS == nil {
		return ""
	}
	return span(*r.Usage.WallNS)
}

func cpu(r *result.Result) string {
	text := of(cpuUsed(r), r.Limits.CPUNS, span)
	if text != "" && r.Usage.CPUSource != nil {
		text += ", from " + plain(string(*r.Usage.CPUSource))
	}
	return text
}

func cpuUsed(r *result.Result) *int64  { return either(r.Evidence.CPUNS, r.Usage.CPUNS) }
func wallUsed(r *result.Result) *int64 { return either(r.Evidence.WallNS, r.Usage.WallNS) }

func parts(r *result.Result) string {
	if r.Usage.UserNS == nil || r.Usage.SystemNS == nil {
		return ""
	}
	return span(*r.Usage.UserNS) + " in the program, " + span(*r.Usage.SystemNS) + " in the kernel for it"
}

func wall(r *result.Result) string { return of(wallUsed(r), r.Limits.WallNS, span) }

func throttled(r *result.Result) string {
	if value(r.Usage.CPUThrottledNS) == 0 {
		return ""
	}
	text := span(*r.Usage.CPUThrottledNS)
	if r.Limits.CPUMax != nil {
		text += ", by a bandwidth of " + plain(*r.Limits.CPUMax)
	}
	return text
}

func noisy(r *result.Result) string {
	switch {
	case r.Usage.Noisy == nil:
		return ""
	case *r.Usage.Noisy:
		return "disturbed the timing"
	}
	return "did not disturb the timing"
}

func doing(r *result.Result) string {
	return bounded(strings.TrimPrefix(result.LastWords(r), "jail: "), mostSentence)
}

func idle(r *result.Result) string {
	if r.Limits.IdleNS == nil {
		return ""
	}
	return span(*r.Limits.IdleNS)
}

func memory(r *result.Result) string {
	text := of(r.Usage.MemoryPeakBytes, r.Limits.MemoryBytes, amount)
	if text != "" && r.Usage.MemorySource != nil {
		text += ", from " + plain(string(*r.Usage.MemorySource))
	}
	return text
}

func oom(r *result.Result) string {
	if r.Evidence.OOMKills == nil {
		return ""
	}
	text := strconv.FormatInt(*r.Evidence.OOMKills, 10)
	if r.Evidence.OOMVictim {
		text += ", of this jail"
	}
	return text
}

func met(r *result.Result) string {
	if r.Evidence.MemoryFailcnt == nil {
		return ""
	}
	return count(*r.Evidence.MemoryFailcnt, "time", "times")
}

func group(r *result.Result) string {
	if r.Evidence.MemoryGroup == nil {
		return ""
	}
	return plain(*r.Evidence.MemoryGroup) + ", for whose limit a task was ended"
}

// left is what was in memory at the last look, when the program was dead: what
// remains then lies in files, or in the kernel.
func left(r *result.Result) string {
	text := ""
	for _, p := range [...]struct {
		n    *int64
		name string
	}{
		{r.Usage.MemoryAnonBytes, "of processes"}, {r.Usage.MemoryShmemBytes, "in /box, /tmp and shared memory"},
		{r.Usage.MemoryFileBytes, "of files in all"}, {r.Usage.MemoryKernelBytes, "of the kernel's for it"}, {r.Usage.MemorySocketBytes, "in sockets"},
	} {
		if value(p.n) == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += amount(*p.n) + " " + p.name
	}
	return text
}

func tasks(r *result.Result) string {
	return of(r.Usage.PidsPeak, r.Limits.Pids, func(n int64) string { return strconv.FormatInt(n, 10) })
}

func refusedTasks(r *result.Result) string {
	if value(r.Evidence.PidsMaxEvents) == 0 {
		return ""
	}
	return count(*r.Evidence.PidsMaxEvents, "time", "times") + ", for the limit"
}

func blocks(r *result.Result) string {
	b := r.Evidence.Box
	if b == nil || b.Blocks <= 0 {
		return ""
	}
	text := free(b.BlocksFree, b.Blocks) + " of it free"
	if r.Limits.DiskBytes != nil {
		text = amount(*r.Limits.DiskBytes) + ", " + text
	}
	return text
}

func stateRoom(r *result.Result) string {
	s := r.Evidence.State
	if s == nil || s.Blocks <= 0 {
		return ""
	}
	text := free(s.BlocksFree, s.Blocks) + " of its room free"
	if s.Inodes > 0 {
		text += "; " + strconv.FormatInt(s.InodesFree, 10) + " files more could be made in it, of " + strconv.FormatInt(s.Inodes, 10)
	}
	return text
}

func inodes(r *result.Result) string {
	b := r.Evidence.Box
	if b == nil || b.Inodes <= 0 {
		return ""
	}
	return strconv.FormatInt(b.InodesFree, 10) + " more could be made, of " + strconv.FormatInt(b.Inodes, 10)
}

// free is a part in percent, rounded down, so that nothing else than nothing is 0.
func free(n, all int64) string {
	switch p := int64(float64(n) / float64(all) * 100); {
	case n <= 0:
		return "nothing"
	case p < 1:
		return "less than 1 %"
	default:
		return strconv.FormatInt(p, 10) + " %"
	}
}

func stdout(r *result.Result) string {
	return stream(r.Output.StdoutBytes, r.Output.StdoutTruncated, r.Limits.OutputBytes)
}

func stderr(r *result.Result) string {
	return stream(r.Output.StderrBytes, r.Output.StderrTruncated, r.Limits.OutputBytes)
}

func stream(n int64, cut bool, limit *int64) string {
	text := of(&n, limit, amount)
	if cut {
		text += ", and there was more"
	}
	return text
}

func fileSize(r *result.Result) string {
	if r.Evidence.FileSizeLimitBytes == nil {
		return ""
	}
	return "a limit of " + amount(*r.Evidence.FileSizeLimitBytes)
}

func call(r *result.Result) string {
	c := r.Evidence.Call
	if c == nil {
		return ""
	}
	text := "number " + strconv.FormatInt(c.NR, 10)
	if c.Name != "" {
		text = plain(c.Name) + ", " + text
	}
	return text + " of " + plain(c.Arch) + ", by process " + strconv.Itoa(c.PID)
}

func step(r *result.Result) string {
	s := r.Evidence.Setup
	if s == nil {
		return ""
	}
	text := plain(s.Step)
	if s.Index >= 0 {
		text += " (" + strconv.Itoa(s.Index) + " of the plan)"
	}
	if s.Errno != 0 {
		text += ": " + s.Errno.String() + ", " + s.Errno.Error()
	}
	return text
}

func failureText(r *result.Result) string {
	if r.Error == nil {
		return ""
	}
	return bounded(r.Error.Text, mostSentence)
}
