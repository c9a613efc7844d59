package notify

import "golang.org/x/sys/unix"

// Memory is a caller's memory, while it waits.
type Memory struct {
	l *Listener
	c *Call
}

// Read reads up to len(p) bytes from addr on, and gives how many it got: 0 where
// the memory can't be had, or the caller does not wait any more.
func (m *Memory) Read(p []byte, addr uint64) int { return m.l.read(m.c, p, addr) }

// Valid says whether the caller still waits, so that what was read of its pid was
// its own (seccomp_unotify(2)).
func (m *Memory) Valid() bool { return m.l.valid(m.c.ID) }

// Blind says whether the callers' memory is not read any more, because a read of it
// did not come back in time.
func (l *Listener) Blind() bool { return l.blind }

// watched serves a call that the filter tells of without suspicion. What it says
// may have changed before the kernel reads it: nothing but the record depends on
// it, for the kernel judges what goes on as if nobody had watched.
func (l *Listener) watched(c *Call) bool {
	if l.o.Watch == nil {
		return false
	}
	w, ok := l.o.Watch(c, &Memory{l, c})
	if !ok {
		return false
	}
	if w.Denial != nil {
		l.noteRefusal(c, w.Denial)
	}
	if w.Errno == 0 && l.goOn(c.ID) {
		return true
	}
	if w.Errno == 0 {
		w.Errno = unix.ENOSYS // this kernel can't let it go on
	}
	l.refuse(c.ID, w.Errno)
	return true
}
