package why

import (
	"strconv"

	"github.com/jailrun/jail/isolate/result"
)

// fact is one line of evidence.
type fact struct {
	name  string // by which the table of reasons calls it
	label string
	keys  []string // of the result
	show  func(*result.Result) string
}

var facts = [...]fact{
	{"ended", "ended by jail", []string{"evidence.killed"}, ended},
	{"signal", "signal", []string{"signal", "signal_name"}, signal},
	{"exit", "exit status", []string{"exit_code"}, statusOf},
	{"ran", "time on the clock", []string{"usage.wall_ns"}, ran},
	{"cpu", "CPU time", []string{"evidence.cpu_ns", "usage.cpu_ns", "limits.cpu_ns", "usage.cpu_source"}, cpu},
	{"parts", "of it", []string{"usage.user_ns", "usage.system_ns"}, parts},
	{"wall", "time on the clock", []string{"evidence.wall_ns", "usage.wall_ns", "limits.wall_ns"}, wall},
	{"throttled", "held back", []string{"usage.cpu_throttled_ns", "limits.cpu_max"}, throttled},
	{"noise", "host", []string{"usage.noisy"}, noisy},
	{"idle", "idle window", []string{"limits.idle_ns"}, idle},
	{"memory", "memory peak", []string{"usage.memory_peak_bytes", "limits.memory_bytes", "usage.memory_source"}, memory},
	{"oom", "out-of-memory kills", []string{"evidence.oom_kills", "evidence.oom_victim"}, oom},
	{"met", "limit met", []string{"evidence.memory_failcnt"}, met},
	{"group", "group of jails", []string{"evidence.memory_group"}, group},
	{"left", "at the last look", []string{"usage.memory_anon_bytes", "usage.memory_file_bytes", "usage.memory_shmem_bytes", "usage.memory_kernel_bytes", "usage.memory_socket_bytes"}, left},
	{"tasks", "tasks at once", []string{"usage.pids_peak", "limits.pids"}, tasks},
	{"refused", "tasks refused", []string{"evidence.pids_max_events"}, refusedTasks},
	{"blocks", "room", []string{"evidence.box.blocks", "evidence.box.blocks_free", "limits.disk_bytes"}, blocks},
	{"inodes", "files", []string{"evidence.box.inodes", "evidence.box.inodes_free", "limits.inodes"}, inodes},
	{"stdout", "standard output", []string{"output.stdout_bytes", "output.stdout_truncated", "limits.output_bytes"}, stdout},
	{"stderr", "standard error", []string{"output.stderr_bytes", "output.stderr_truncated", "limits.output_bytes"}, stderr},
	{"file", "size of a file", []string{"evidence.file_size_limit_bytes"}, fileSize},
	{"call", "call", []string{"evidence.call"}, call},
	{"step", "step", []string{"evidence.setup"}, step},
	{"error", "error", []string{"error.text"}, failureText},
}

func factNamed(name string) *fact {
	for i := range facts {
		if facts[i].name == name {
			return &facts[i]
		}
	}
	return &fact{show: func(*result.Result) string { return "" }}
}

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
