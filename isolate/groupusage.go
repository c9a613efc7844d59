package isolate

import (
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
)

// groupUsage is the account of the run's own groups: survivors count.
func (r *run) groupUsage() {
	u, err := r.group.Usage()
	if err != nil {
		r.withoutGroup()
		return
	}
	r.cpuFigures(u)
	r.memoryFigures(&u.Memory)
	r.usage.PidsPeak, r.ev.PidsMaxEvents = u.PidsPeak, u.PidsAtMax
	if io := u.IO; io != nil {
		r.usage.IOReadBytes, r.usage.IOWriteBytes = &io.ReadBytes, &io.WriteBytes
		r.usage.IOReadOps, r.usage.IOWriteOps = &io.ReadOps, &io.WriteOps
		r.usage.IOSource = new(r.groupSource())
	}
	if u.Throttled != nil && !r.group.SharesBandwidth() { // else its group of jails was held back, which no member's own count tells
		r.usage.CPUThrottledNS = nanos(&u.Throttled.Total)
	}
}

func nanos(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	return new(int64(*d))
}

func (r *run) cpuFigures(u cgroup.Usage) {
	r.usage.CPUNS, r.usage.UserNS, r.usage.SystemNS = nanos(u.CPU), nanos(u.User), nanos(u.System)
	r.usage.CPUSource = new(r.groupSource())
	if r.ev.CPUNS == nil {
		r.ev.CPUNS = r.usage.CPUNS
	}
}

func (r *run) memoryFigures(m *cgroup.Memory) {
	r.usage.MemoryPeakBytes, r.usage.SwapPeakBytes = m.Peak, m.SwapPeak
	r.usage.MemorySource = new(r.groupSource())
	r.usage.MemoryAnonBytes, r.usage.MemoryFileBytes, r.usage.MemoryShmemBytes = m.Anon, m.File, m.Shmem
	r.usage.MemoryKernelBytes, r.usage.MemorySocketBytes = m.Kernel, m.Sockets
	r.usage.OOMKills, r.ev.OOMKills, r.ev.MemoryFailcnt = m.OOMKills, m.OOMKills, m.AtLimit
	r.ev.OOMVictim = m.OOMKills != nil && *m.OOMKills > 0
	if set := r.fullSet(); set != "" {
		r.ev.MemoryGroup = &set
	}
}

func (r *run) groupSource() result.Source {
	if r.machine.groups.Mode == cgroup.ModeV2 {
		return result.SourceCgroupV2
	}
	return result.SourceCgroupV1
}

// fullSet names the group of jails for whose limit a task was ended: the jail had
// not come to its own.
func (r *run) fullSet() string {
	peak, limit := r.usage.MemoryPeakBytes, int64(r.policy.Limits.Memory)
	if !r.ev.OOMVictim || peak != nil && limit > 0 && *peak >= limit-limit/20 {
		return ""
	}
	return r.group.FullSet()
}
