package isolate

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/isolate/result"
)

// level is what the host's counters show at one moment. Nil is what can't be read.
type level struct {
	busy, steal       *time.Duration // of the CPUs in question
	cpu, memory, disk *time.Duration // stalls
}

// readLevel reads them for some CPUs: about 50 us on a small machine.
func readLevel(on cores.Set) level {
	var l level
	if b, err := readProc("/proc/stat"); err == nil {
		l.busy, l.steal = cpuTimes(b, on)
	}
	l.cpu, l.memory, l.disk = stall("cpu", "some "), stall("memory", "full "), stall("io", "full ")
	return l
}

// cpuTimes sums over CPUs what was not idle, and what was stolen, proc_stat(5).
// Guests' time is part of user time.
func cpuTimes(stat []byte, on cores.Set) (busy, steal *time.Duration) {
	const idle, iowait, stolen = 4, 5, 8
	var sum, gone time.Duration
	for line := range bytes.Lines(stat) {
		f := strings.Fields(string(line))
		if len(f) <= stolen || !strings.HasPrefix(f[0], "cpu") {
			continue
		}
		if cpu, err := strconv.Atoi(f[0][3:]); err != nil || !on.Has(cpu) {
			continue
		}
		for i := 1; i <= stolen; i++ {
			n, _ := strconv.ParseInt(f[i], 10, 64)
			switch i {
			case idle, iowait:
			case stolen:
				gone += time.Duration(n) * tick
			default:
				sum += time.Duration(n) * tick
			}
		}
	}
	return &sum, &gone
}

// stall reads a total of /proc/pressure, nil where the kernel keeps none.
func stall(what, line string) *time.Duration {
	b, err := readProc("/proc/pressure/" + what)
	if err != nil {
		return nil
	}
	_, rest, _ := bytes.Cut(b, []byte(line))
	_, rest, _ = bytes.Cut(rest, []byte("total="))
	total, _, _ := bytes.Cut(rest, []byte{'\n'})
	us, err := strconv.ParseInt(string(total), 10, 64)
	if err != nil {
		return nil
	}
	return new(time.Duration(us) * time.Microsecond)
}

// noise is the beginning of a look at how the host disturbs a run.
type noise struct {
	wanted bool
	on     cores.Set // the CPUs that are looked at: the counters are since boot, and of each CPU
	before level
	kept   *int64 // of the group

	waiting waiting
}

// listenForNoise looks for the first time, when the program has been executed: the
// launch itself is no part of the run. Only runs of which a time is of interest
// are looked at.
func (r *run) listenForNoise() {
	l := &r.policy.Limits
	if r.noise.wanted = l.CPU > 0 || l.Cores != ""; r.noise.wanted {
		r.noise.on = r.cores.now
		r.noise.before, r.noise.kept = readLevel(r.noise.on), r.kept()
		r.lookAtWaiting()
	}
}

// kept is what cpu.pressure of the group shows.
func (r *run) kept() *int64 {
	if r.group == nil {
		return nil
	}
	d, err := r.group.Kept()
	if err != nil {
		return nil
	}
	return new(int64(d))
}

// measureNoise looks for the last time, when all of the program is dead.
func (r *run) measureNoise() {
	if !r.noise.wanted || r.started.IsZero() {
		return
	}
	n, before, after := &result.Noise{}, &r.noise.before, readLevel(r.noise.on)
	if now := r.kept(); now != nil && r.noise.kept != nil && !r.group.SharesBandwidth() {
		n.KeptNS = new(max(*now-*r.noise.kept-r.quota(), 0))
	}
	n.WaitedNS = r.noise.waiting.since()
	n.StealNS = since(before.steal, after.steal)
	n.HostCPUNS, n.HostMemoryNS, n.HostIONS = since(before.cpu, after.cpu), since(before.memory, after.memory), since(before.disk, after.disk)
	if busy := since(before.busy, after.busy); busy != nil && r.cores.lease != nil && r.usage.CPUNS != nil {
		n.OthersNS = new(max(*busy-*r.usage.CPUNS, 0))
	}
	n.Causes = n.Judge(result.Setting{
		Wall: r.usage.Wall(), CPUs: r.cores.now.Count(), Shared: r.cores.shared,
		AtMemory: r.ev.MemoryFailcnt != nil && *r.ev.MemoryFailcnt > 0,
	})
	r.usage.Noise = n
	if n.Known() || len(n.Causes) > 0 {
		r.usage.Noisy = new(len(n.Causes) > 0)
	}
}

// quota is for how long the jail's own bandwidth held it back: the kernel counts
// that as pressure too, and it is none of the host's.
func (r *run) quota() int64 {
	if r.policy.Limits.CPUMax <= 0 || r.usage.CPUThrottledNS == nil {
		return 0
	}
	return *r.usage.CPUThrottledNS
}

// since is how much a counter has grown.
func since(before, after *time.Duration) *int64 {
	if before == nil || after == nil {
		return nil
	}
	return new(int64(max(*after-*before, 0)))
}
