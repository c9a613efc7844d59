package isolate

import (
	"time"

	"github.com/jailrun/jail/isolate/result"
)

// measureLast reads what the whole jail has used, now that all of it is dead.
func (r *run) measureLast() {
	if !r.started.IsZero() {
		r.usage.WallNS = new(max(int64(r.ended.Sub(r.started)), 0))
	}
	r.ev.Box, r.ev.State = r.space(), r.stateSpace()
	r.setLimitFigures()
	if r.group == nil {
		r.withoutGroup()
		return
	}
	r.groupUsage()
}

func (r *run) setLimitFigures() {
	if l := r.limits.cpu; l > 0 {
		r.ev.CPULimitNS = new(int64(l))
	}
	if l := r.limits.wall; l > 0 {
		r.ev.WallLimitNS = new(int64(l))
	}
	if l := int64(r.policy.Limits.FileSize); l > 0 {
		r.ev.FileSizeLimitBytes = &l
	}
}

// withoutGroup is the account of pid 1's children, wait4(2), or what was seen of
// the processes where that is more: rusage knows of no child that nobody waited
// for, and so of none that was killed with pid 1.
func (r *run) withoutGroup() {
	user, system := time.Duration(r.rusage.Utime.Nano()), time.Duration(r.rusage.Stime.Nano())
	r.usage.UserNS, r.usage.SystemNS = new(int64(user)), new(int64(system))
	r.usage.CPUNS = new(int64(user + system))
	r.usage.CPUSource = new(result.SourceRusage)
	if seen := r.seenCPU(user + system); seen > *r.usage.CPUNS {
		r.usage.CPUNS = &seen
		r.usage.CPUSource = new(result.SourceSampled)
		r.usage.UserNS, r.usage.SystemNS = nil, nil // of a smaller sum
	}
	r.usage.MemoryPeakBytes = new(r.rusage.Maxrss << 10)
	r.usage.MemorySource = new(result.SourceRusage)
	if r.sampledPeak > *r.usage.MemoryPeakBytes {
		r.usage.MemoryPeakBytes = &r.sampledPeak
		r.usage.MemorySource = new(result.SourceSampled)
	}
	if r.ev.CPUNS == nil {
		r.ev.CPUNS = r.usage.CPUNS
	}
}

// seenCPU is the most that is known of the CPU time, in nanoseconds.
func (r *run) seenCPU(waited time.Duration) int64 {
	c := &r.limits.census
	most := int64(max(c.cpu, waited+c.gone))
	if r.ev.CPUNS != nil {
		most = max(most, *r.ev.CPUNS)
	}
	return most
}

// rusageBlock is the unit of ru_inblock and ru_oublock, getrusage(2).
const rusageBlock = 512

// trafficOfRusage is the traffic with block devices by those who were waited for,
// where no group counts it, or where it is more: what the kernel writes back
// later is nobody's on cgroup v1, and here it is who dirtied it.
func (r *run) trafficOfRusage() {
	in, out := r.rusage.Inblock*rusageBlock, r.rusage.Oublock*rusageBlock
	u := &r.usage
	switch {
	case u.IOReadBytes == nil:
		u.IOReadBytes, u.IOWriteBytes = &in, &out
	case *u.IOSource == result.SourceCgroupV1 && out > *u.IOWriteBytes:
		u.IOReadBytes, u.IOWriteBytes = new(max(in, *u.IOReadBytes)), &out
	default:
		return
	}
	u.IOSource = new(result.SourceRusage)
}

// splitCPU takes from rusage what the groups can't tell, or only by the tick:
// the parts of the CPU time, and the traffic with block devices.
func (r *run) splitCPU() {
	user, system := r.rusage.Utime.Nano(), r.rusage.Stime.Nano()
	if cpu := r.usage.CPUNS; r.group != nil && cpu != nil && user+system > 0 {
		u := int64(float64(*cpu) * float64(user) / float64(user+system))
		r.usage.UserNS, r.usage.SystemNS = new(u), new(*cpu-u)
	}
	if r.initPID > 0 {
		r.trafficOfRusage()
	}
}
