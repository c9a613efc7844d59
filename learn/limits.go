package learn

import (
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// What a run used is multiplied by these: the next input may be larger, and the
// next host slower.
const (
	moreSpace = 2
	moreTime  = 4
)

// The least that a learnt limit is.
const (
	leastMemory = 64 * size.MiB
	leastCPU    = time.Second
	leastWall   = 5 * time.Second
	leastPids   = 8
	leastOutput = 64 * size.KiB
)

// SetLimits sets the limits that l leaves to the default to what runs used, with
// headroom. What a host can't measure stays as it is.
func SetLimits(l *policy.Limits, runs []*result.Result) {
	var most struct{ cpu, wall, memory, pids, output int64 }
	for _, r := range runs {
		u := &r.Usage
		most.cpu = max(most.cpu, known(u.CPUNS))
		most.wall = max(most.wall, known(u.WallNS))
		if s := u.MemorySource; s != nil && (*s == result.SourceCgroupV1 || *s == result.SourceCgroupV2) {
			most.memory = max(most.memory, known(u.MemoryPeakBytes)) // without a group the limit is of address space, which nobody measures
		}
		most.pids = max(most.pids, known(u.PidsPeak))
		most.output = max(most.output, r.Output.StdoutBytes, r.Output.StderrBytes)
	}
	if most.cpu > 0 && l.CPU == 0 {
		l.CPU = roundTime(time.Duration(most.cpu)*moreTime, leastCPU)
	}
	if most.wall > 0 && l.Wall == 0 {
		l.Wall = roundTime(time.Duration(most.wall)*moreTime, max(leastWall, l.CPU))
	}
	if most.memory > 0 && l.Memory == 0 {
		l.Memory = roundSize(size.Bytes(most.memory)*moreSpace, leastMemory, size.MiB)
	}
	if most.pids > 0 && l.Pids == 0 {
		l.Pids = max(most.pids*moreSpace, leastPids)
	}
	if l.Output == 0 {
		l.Output = roundSize(size.Bytes(most.output)*moreTime, leastOutput, size.KiB)
	}
}

// raise takes the larger of each limit of two policies: what either's runs needed.
func raise(l *policy.Limits, o policy.Limits) {
	l.CPU, l.Wall = larger(l.CPU, o.CPU), larger(l.Wall, o.Wall)
	l.Memory, l.Output = larger(l.Memory, o.Memory), larger(l.Output, o.Output)
	l.Pids = larger(l.Pids, o.Pids)
}

// larger knows that no bound is more than any.
func larger[T ~int64](a, b T) T {
	if a == policy.Unlimited || b == policy.Unlimited {
		return policy.Unlimited
	}
	return max(a, b)
}

func known(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func roundTime(d, least time.Duration) time.Duration {
	return max((d + time.Second - 1).Truncate(time.Second), least)
}

func roundSize(n, least, unit size.Bytes) size.Bytes { return max((n+unit-1)/unit*unit, least) }
