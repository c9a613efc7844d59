package isolate

import (
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/watch"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// limits are the bounds that the supervisor itself watches.
type limits struct {
	cpu, wall, idle time.Duration // 0: none
	output          int64
	timers          []*watch.Timer
	cpuTimer        *watch.Timer
	idleLook        idleLook
	census          census // where there is no group
	blind           blind
}

// blind counts for each kind of look how many have failed in a row.
type blind struct{ cpu, idle, memory, pids, oom int }

// A look at a counter that fails is taken again, soon. But a limit that nobody
// can watch is none, so a jail whose looks go on failing is ended.
const (
	blindLooks = 10
	blindEvery = 50 * time.Millisecond
)

// looked says whether a look has succeeded, and ends the jail when too many in a
// row have not.
func (r *run) looked(failed *int, err error) bool {
	if err == nil {
		*failed = 0
		return true
	}
	if *failed++; *failed >= blindLooks && r.ev.Killed == "" && !r.nobodyLeft() {
		r.failure = &LaunchError{Op: "watch the jail", Index: -1, Err: err, Hint: shortageHint(err)}
		r.end(result.CauseInternal)
	}
	return false
}

// idleLook is what the last samples saw.
type idleLook struct {
	timer *watch.Timer
	cpu   time.Duration
	bytes int64
	since time.Time // when anything was last seen to happen
}

func limitsOf(p *policy.Policy) limits {
	l := limits{output: watch.Unlimited}
	if p.Limits.Output > 0 {
		l.output = int64(p.Limits.Output)
	}
	l.cpu, l.wall, l.idle = max(p.Limits.CPU, 0), max(p.Limits.Wall, 0), max(p.Limits.Idle, 0)
	return l
}

func (l *limits) stop() {
	for _, t := range l.timers {
		t.Stop()
	}
	l.timers = nil
}

func (r *run) at(d time.Duration, f func()) *watch.Timer {
	t := r.loop.At(time.Now().Add(d), f)
	r.limits.timers = append(r.limits.timers, t)
	return t
}

// watchLimits arms the timers, once the program runs.
func (r *run) watchLimits() {
	l := &r.limits
	if l.wall > 0 {
		r.at(l.wall, func() { r.outOfTime(result.CauseWall) })
	}
	if l.cpu > 0 {
		l.cpuTimer = r.at(r.cpuWait(l.cpu), r.lookAtCPU)
	}
	if l.idle > 0 {
		l.idleLook.since = r.started
		l.idleLook.timer = r.at(l.idle/4, r.lookAtIdle)
	}
	r.watchCounters()
	r.watchState()
	r.watchUse()
}

// cpuWait is the shortest time in which a budget can be used up. Without a group
// a child may use some of it and be gone, so that one has to look more often.
func (r *run) cpuWait(left time.Duration) time.Duration {
	wait := left / time.Duration(max(r.cpus(), 1))
	if r.group == nil {
		return min(max(wait, tick), sampleEvery)
	}
	return max(wait, time.Millisecond)
}

// lookAtCPU reads the CPU time and ends the jail, or waits for as long as what
// is left must last.
func (r *run) lookAtCPU() {
	used, err := r.cpuUsed()
	switch {
	case !r.looked(&r.limits.blind.cpu, err):
		r.limits.cpuTimer.Reset(time.Now().Add(blindEvery))
	case used > r.limits.cpu:
		r.end(result.CauseCPU)
	default:
		r.limits.cpuTimer.Reset(time.Now().Add(r.cpuWait(r.limits.cpu - used)))
	}
}

// cpuUsed is the CPU time of the jail, from its group, or of the processes that
// can be seen where none counts it.
func (r *run) cpuUsed() (time.Duration, error) {
	if r.group != nil {
		if d, err := r.group.CPU(); !cgroup.Absent(err) {
			return d, err
		}
	}
	err := r.limits.census.take(r.initPID)
	return r.limits.census.cpu, err
}

// idleCPU is how much CPU time a jail may use in a sample and still be idle.
const idleCPU = time.Millisecond

// lookAtIdle ends a jail in which for the whole window no task used CPU and no
// byte passed. What could not be seen was not idle.
func (r *run) lookAtIdle() {
	k := &r.limits.idleLook
	cpu, err := r.cpuUsed()
	bytes := r.passed()
	now := time.Now()
	if !r.looked(&r.limits.blind.idle, err) || cpu-k.cpu > idleCPU || bytes != k.bytes {
		k.since = now
	}
	k.cpu, k.bytes = cpu, bytes
	if now.Sub(k.since) >= r.limits.idle {
		r.outOfTime(result.CauseIdle)
		return
	}
	k.timer.Reset(now.Add(r.limits.idle / 4))
}

func (r *run) passed() (n int64) {
	for _, y := range r.relays {
		if y != nil {
			n += y.Passed()
		}
	}
	return n
}

// counterLook is how often the counters are read whose action is kill.
const counterLook = 50 * time.Millisecond

// watchCounters samples the pids and disk counters, only where meeting them is
// to end the jail.
func (r *run) watchCounters() {
	pids := r.policy.Limits.PidsAction == policy.ActionKill
	disk := r.policy.Limits.DiskAction == policy.ActionKill
	if !pids && !disk {
		return
	}
	r.every(counterLook, func() bool {
		switch {
		case pids && r.pidsMet():
			r.end(result.CausePids)
		case disk && r.diskFull():
			r.end(result.CauseDisk)
		}
		return r.ev.Killed == ""
	})
}

// pidsMet says whether a task was refused for the limit, or where no group
// counts that, whether there are more than it allows.
func (r *run) pidsMet() bool {
	if r.group == nil {
		err := r.limits.census.take(r.initPID)
		limit := r.policy.Limits.Pids
		return r.looked(&r.limits.blind.pids, err) && limit > 0 && r.limits.census.tasks > limit
	}
	n, err := r.group.PidsAtMax()
	if cgroup.Absent(err) {
		return false // the kernel refuses them all the same
	}
	if !r.looked(&r.limits.blind.pids, err) || n == 0 {
		return false
	}
	r.ev.PidsMaxEvents = &n
	return true
}

// roomForOneMore is the policy by which a jail is planned. What RLIMIT_NPROC
// refuses nobody is told of: so where no group counts refusals and meeting the
// limit is to end the jail, one task more than the limit can be made, and seen.
func (r *run) roomForOneMore() *policy.Policy {
	l := &r.policy.Limits
	if r.group != nil || l.PidsAction != policy.ActionKill || l.Pids <= 0 {
		return r.policy
	}
	p := *r.policy
	p.Limits.Pids++
	return &p
}

// diskFull is asked often: of a state that is a folder watchState says it, since to
// measure one takes its time.
func (r *run) diskFull() bool {
	s := r.layers.state
	return r.space().Full() || s != nil && s.Mounted() && r.stateSpace().Full()
}

// space asks the quota's file system for its room, by a descriptor that came
// with the read-back and outlives the jail.
func (r *run) space() *result.Space {
	if r.trees.boxFd() < 0 {
		return nil
	}
	var st unix.Statfs_t
	if unix.Fstatfs(r.trees.boxFd(), &st) != nil {
		return nil
	}
	return &result.Space{Blocks: int64(st.Blocks), BlocksFree: int64(st.Bfree), Inodes: int64(st.Files), InodesFree: int64(st.Ffree)}
}

// measure notes what was used when the end was decided.
func (r *run) measure() {
	if cpu, err := r.cpuUsed(); err == nil {
		r.ev.CPUNS = new(int64(cpu))
	}
	if r.group == nil {
		_, _ = r.sampleMemory() // for its peak, as far as it can be had
		r.lookAtWaiting()
	}
	if !r.started.IsZero() {
		r.ev.WallNS = new(int64(time.Since(r.started)))
	}
}
