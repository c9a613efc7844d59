package main

import (
	"fmt"
	"strings"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// Words of the table. What is not held must be told on standard error.
const (
	notHeld = "**not held**"
	refused = 3 // the status of a deed that the kernel refused
)

// trials are in the order of the page. Each exceeds its limit at least by half.
var trials = [...]trial{
	{"`enforced.cgroup`", "", "true", walls},
	{"on standard error", "--cpu 9s", "true", told},
	{"`--memory`, of one process", "--memory 128M", "violate memory 320 1", memory},
	{"`--memory`, of processes together", "--memory 128M", "violate memory 40 6", memory},
	{"`--memory`, shared", "--memory 128M", "violate shared 320", memory},
	{"`--memory`, files in its folders", "--memory 128M --disk 1G", "violate fill 320", memory},
	{"`--pids`", "--pids 16", "violate fork 40", pids},
	{"`--pids-action kill`", "--pids 16 --pids-action kill", "violate fork 40", pids},
	{"`--cpu`, of all together", "--cpu 500ms --wall 20s", "violate burn 3", cpu},
	{"`--cpu`, of children that nobody waits for", "--cpu 500ms --wall 20s", "violate brood 20ms", brief},
	{"`--cpu-max`", "--cpu-max 25% --wall 2s", "violate burn 2", bandwidth},
	{"`--wall`", "--wall 500ms", "sleep 20", by(result.WallLimit, "jail's clock")},
	{"`--idle`", "--idle 500ms --wall 20s", "sleep 20", idle},
	{"`--output`", "--output 64K", "violate flood 1", by(result.OutputLimit, "jail, which carries it")},
	{"`--disk`", "--disk 8M", "violate fill 20", onDisk},
	{"`--inodes`", "--inodes 64", "violate files 200", onDisk},
	{"`--file-size`", "--file-size 1M", "exec dd if=/dev/zero of=$TMPDIR/x bs=1048576 count=4", by(result.FileSize, "RLIMIT_FSIZE")},
	{"`--open-files`", "--open-files 32", "violate open 100", failing("RLIMIT_NOFILE")},
	{"`--stack`", "--stack 512K --memory 256M", "f() { f; }; f", stack},
	{"`--cores`", "--cores 0", "violate cores", failing("")},
}

// walls says what the result says of the group, without what differs in each run.
func walls(s *seen) string {
	w := s.Enforced.At(policy.LayerCgroup)
	detail := w.Detail
	if w.State == result.StateEnforced {
		_, values, _ := strings.Cut(detail, "; ")
		detail = "joined; " + values
	}
	return string(w.State) + ": " + general(detail)
}

// general leaves out what is of one host.
func general(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if at := strings.Index(w, "/sys/fs/cgroup/"); at >= 0 {
			tail := ""
			if strings.HasSuffix(w, ":") {
				tail = ":"
			}
			words[i] = w[:at] + "/sys/fs/cgroup/…" + tail
		}
	}
	return strings.Join(words, " ")
}

func told(s *seen) string {
	if s.err == "" {
		return "nothing"
	}
	return general(strings.ReplaceAll(s.err, "\n", " / "))
}

func memory(s *seen) string {
	switch {
	case s.Reason == result.Memory && s.Evidence.OOMVictim:
		return "the group: " + file(s, "memory.max", "memory.limit_in_bytes")
	case s.Reason == result.Memory:
		return "sampled every 50 ms, then killed"
	case s.status == refused && s.grouped():
		return "the call fails"
	case s.status == refused:
		return "RLIMIT_DATA: the call fails"
	}
	return missed(s)
}

// file is the one of two that stands in the read-back.
func file(s *seen, names ...string) string {
	for _, n := range names {
		if strings.Contains(s.Enforced.At(policy.LayerCgroup).Detail, n+"=") {
			return n
		}
	}
	return "?"
}

func pids(s *seen) string {
	count := 0
	_, _ = fmt.Sscanf(s.out, "%d", &count)
	by := "RLIMIT_NPROC"
	if s.grouped() {
		by = "the group: pids.max"
	}
	switch {
	case s.Reason == result.Pids && s.grouped():
		return by + ", then killed"
	case s.Reason == result.Pids:
		return "looked at every 50 ms, then killed; " + by
	case s.status == refused && count <= 16:
		return by + ": the call fails"
	}
	return missed(s)
}

func cpu(s *seen) string {
	switch {
	case s.Reason != result.CPULimit:
		return missed(s)
	case s.grouped():
		return "the group's account"
	}
	return "sampled every 50 ms"
}

// bandwidth: two processes would use two cores, or all of one.
func bandwidth(s *seen) string {
	cpu, wall := s.Usage.CPU(), s.Usage.Wall()
	if s.Reason == result.WallLimit && s.grouped() && cpu < wall/2 {
		return "the group: " + file(s, "cpu.max", "cpu.cfs_quota_us")
	}
	return missed(s)
}

// brief is of what may be gone before it is looked at: whether it is seen in time is
// chance, and said.
func brief(s *seen) string {
	if !s.grouped() && strings.Contains(s.err, "--cpu misses children") {
		return "sampled every 50 ms: what ends in between is missed, which standard error says"
	}
	return cpu(s)
}

func idle(s *seen) string {
	switch {
	case s.Reason != result.Idle:
		return missed(s)
	case s.grouped():
		return "jail's clock, and the group's account"
	}
	return "jail's clock, and the CPU time of the processes that are seen"
}

func by(reason result.Reason, who string) func(*seen) string {
	return func(s *seen) string {
		if s.Reason == reason {
			return who
		}
		return missed(s)
	}
}

// onDisk: a jail's own root is a tmpfs of that size.
func onDisk(s *seen) string {
	switch {
	case s.status != refused:
		return missed(s)
	case s.Enforced.At(policy.LayerRootfs).State != result.StateEnforced:
		return "the call fails, but not for a limit of jail's"
	}
	return "the tmpfs: the call fails"
}

func failing(who string) func(*seen) string {
	return func(s *seen) string {
		switch {
		case s.status != refused:
			return missed(s)
		case who != "":
			return who + ": the call fails"
		case strings.Contains(s.Enforced.At(policy.LayerCgroup).Detail, "cpuset.cpus="):
			return "the group: cpuset.cpus"
		}
		return "its affinity, which the filter keeps"
	}
}

func stack(s *seen) string {
	const enough = 64 << 20
	peak := s.Usage.MemoryPeakBytes
	if s.Reason == result.Signaled && peak != nil && *peak < enough {
		return "RLIMIT_STACK: SIGSEGV"
	}
	return missed(s)
}

func missed(s *seen) string {
	return fmt.Sprintf("%s (%s, status %d)", notHeld, s.Reason, s.status)
}
