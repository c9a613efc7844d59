package watch

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// watched is one descriptor's registration. Its generation tells an event for
// it from a stale one for an earlier descriptor of the same number.
type watched struct {
	fd      int
	gen     int32
	events  uint32
	handler Handler
	always  bool
	gone    bool
}

// Add calls h on the loop's goroutine for as long as any of events holds for
// fd (level-triggered). With events zero, fd is silent until Mod. A descriptor
// that epoll refuses with EPERM (a regular file, /dev/null) never blocks, and
// counts as always ready. Del it before closing it.
func (l *Loop) Add(fd int, events uint32, h Handler) error {
	if l.fds[fd] != nil {
		return ctlError("add", fd, unix.EEXIST)
	}
	l.gen++
	w := &watched{fd: fd, gen: l.gen, handler: h}
	if err := l.set(w, events); err != nil {
		return err
	}
	l.fds[fd] = w
	return nil
}

// Mod changes what fd is waited for. Zero silences it wholly, hang-ups and
// errors too, which epoll would go on reporting.
func (l *Loop) Mod(fd int, events uint32) error {
	w := l.fds[fd]
	if w == nil {
		return ctlError("mod", fd, unix.ENOENT)
	}
	return l.set(w, events)
}

// Del forgets fd. No handler is called for it any more, even if its event is
// already here. It is no error if fd is unknown.
func (l *Loop) Del(fd int) {
	w := l.fds[fd]
	if w == nil {
		return
	}
	delete(l.fds, fd)
	w.gone = true
	_ = l.set(w, 0)
	w.dropFrom(&l.always)
}

// set brings the kernel's interest in w from w.events to events.
func (l *Loop) set(w *watched, events uint32) error {
	if w.events == events {
		return nil
	}
	if !w.always {
		err := unix.EpollCtl(l.epfd, ctlOp(w.events, events), w.fd,
			&unix.EpollEvent{Events: events, Fd: int32(w.fd), Pad: w.gen})
		if err == unix.EPERM {
			w.always = true
			l.always = append(l.always, w)
		} else if err != nil {
			return ctlError("epoll_ctl", w.fd, err)
		}
	}
	w.events = events
	return nil
}

func ctlOp(old, new uint32) int {
	switch {
	case old == 0:
		return unix.EPOLL_CTL_ADD
	case new == 0:
		return unix.EPOLL_CTL_DEL
	}
	return unix.EPOLL_CTL_MOD
}

func ctlError(op string, fd int, err error) error {
	return &Error{Op: op, Object: "fd " + strconv.Itoa(fd), Err: err, Hint: hint(err)}
}

func (w *watched) dropFrom(list *[]*watched) {
	for i, v := range *list {
		if v == w {
			// A copy, for the loop may be going through the old list.
			*list = append(append([]*watched(nil), (*list)[:i]...), (*list)[i+1:]...)
			return
		}
	}
}
