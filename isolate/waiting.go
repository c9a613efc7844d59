package isolate

import (
	"strconv"
	"strings"
	"time"
)

// waiting is how long the program's first thread has waited for a CPU, for runs
// without a group that shows how long all of the program did.
type waiting struct {
	from, now *time.Duration
	crowd     bool // it had more threads at a look: who waits may wait for another of its own
}

// lookAtWaiting looks once more, when the processes are looked at anyway.
func (r *run) lookAtWaiting() {
	w := &r.noise.waiting
	if !r.noise.wanted || r.noise.kept != nil {
		return
	}
	d := runDelay(r.seen.pid)
	if w.from == nil {
		w.from = d
		return
	}
	if d != nil {
		w.now = d
	}
	w.crowd = w.crowd || r.limits.census.tasks > 1
}

// since is none where it is not known, or could be the program's own doing.
func (w *waiting) since() *int64 {
	if w.crowd {
		return nil
	}
	return since(w.from, w.now)
}

// runDelay reads the second field of /proc/PID/schedstat (sched-stats.rst):
// nanoseconds on a run queue. It is nil where the kernel keeps none.
func runDelay(pid int) *time.Duration {
	b, err := readProc("/proc/" + strconv.Itoa(pid) + "/schedstat")
	f := strings.Fields(string(b))
	if err != nil || len(f) < 2 {
		return nil
	}
	ns, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return nil
	}
	return new(time.Duration(ns))
}
