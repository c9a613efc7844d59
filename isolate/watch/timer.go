package watch

import (
	"container/heap"
	"time"

	"golang.org/x/sys/unix"
)

// Timer is one deadline of a loop.
type Timer struct {
	owner *timers
	when  time.Time
	f     func()
	index int // in the heap; -1: not pending
}

// At has f called on the loop's goroutine once, when the time d has come. All
// timers share one timerfd on CLOCK_MONOTONIC: give a time with a monotonic
// reading (time.Now().Add), or a step of the wall clock moves it.
func (l *Loop) At(d time.Time, f func()) *Timer {
	t := &Timer{owner: &l.timers, f: f, index: -1}
	t.Reset(d)
	return t
}

// Later has f called once, when d has passed.
func (l *Loop) Later(d time.Duration, f func()) { l.At(time.Now().Add(d), f) }

// Stop takes the timer back, and says whether it was pending.
func (t *Timer) Stop() bool {
	if t.index < 0 {
		return false
	}
	heap.Remove(t.owner, t.index)
	return true
}

// Pending says whether the timer has yet to run.
func (t *Timer) Pending() bool { return t.index >= 0 }

// Reset sets a new time, whether the timer is pending or has run.
func (t *Timer) Reset(d time.Time) {
	t.Stop()
	if t.when = d; d.IsZero() {
		t.when = time.Now() // zero means "nothing" to arm
	}
	heap.Push(t.owner, t)
}

// timers is a heap by time, and the timerfd that is armed for its head.
type timers struct {
	fd    int
	armed time.Time // what fd is set to; zero: nothing
	heap  []*Timer
}

// arm sets the timerfd to the nearest deadline, if that has changed.
func (t *timers) arm() error {
	var next time.Time
	if len(t.heap) > 0 {
		next = t.heap[0].when
	}
	if next.Equal(t.armed) {
		return nil
	}
	var spec unix.ItimerSpec // zero: disarm
	if !next.IsZero() {
		// Zero would disarm; a passed deadline is due in a nanosecond.
		spec.Value = unix.NsecToTimespec(max(int64(time.Until(next)), 1))
	}
	if err := unix.TimerfdSettime(t.fd, 0, &spec, nil); err != nil {
		return &Error{Op: "timerfd_settime", Object: "loop", Err: err}
	}
	t.armed = next
	return nil
}

// expire runs what is due. A timer that a callback sets for a time already
// passed waits for the next turn, so that no callback can hold the loop.
func (t *timers) expire(uint32) {
	var count [8]byte
	_, _ = unix.Read(t.fd, count[:])
	t.armed = time.Time{}
	now := time.Now()
	for n := len(t.heap); n > 0 && len(t.heap) > 0 && !t.heap[0].when.After(now); n-- {
		heap.Pop(t).(*Timer).f()
	}
}

// Len, Less, Swap, Push and Pop are container/heap's.
func (t *timers) Len() int           { return len(t.heap) }
func (t *timers) Less(i, j int) bool { return t.heap[i].when.Before(t.heap[j].when) }

func (t *timers) Swap(i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	t.heap[i].index, t.heap[j].index = i, j
}

func (t *timers) Push(x any) {
	v := x.(*Timer)
	v.index = len(t.heap)
	t.heap = append(t.heap, v)
}

func (t *timers) Pop() any {
	last := len(t.heap) - 1
	v := t.heap[last]
	t.heap[last] = nil
	t.heap, v.index = t.heap[:last], -1
	return v
}
