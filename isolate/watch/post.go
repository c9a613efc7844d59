package watch

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Post has f called on the loop's goroutine, after what was posted before. It
// never waits. On a closed loop it does nothing. The queue is as long as its
// callers make it: each source of calls keeps at most one in it.
func (l *Loop) Post(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.posted = append(l.posted, f)
	if len(l.posted) == 1 {
		l.kick()
	}
}

// Stop lets Run return after the handler that is running, if any.
func (l *Loop) Stop() {
	l.stop.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.kick()
	}
}

// kick wakes the loop. EAGAIN would mean 2^64-2 unread kicks: it is awake.
func (l *Loop) kick() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(l.wake, one[:])
}

// runPosted calls what was posted until now. What those calls post comes in the
// next turn, so that descriptors and timers have theirs between.
func (l *Loop) runPosted(uint32) {
	var count [8]byte
	_, _ = unix.Read(l.wake, count[:])
	l.mu.Lock()
	calls := l.posted
	l.posted, l.spare = l.spare[:0], nil
	l.mu.Unlock()
	for i, f := range calls {
		calls[i] = nil
		if !l.stop.Load() {
			f()
		}
	}
	l.mu.Lock()
	l.spare = calls[:0]
	l.mu.Unlock()
}
