package cores

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// Member is a jail without a lease, which leaves the cores that others lease.
type Member struct {
	base  Set
	fd    int
	said  presence
	stays []int // lessees that wait for our end
}

// Join makes a jail known to lessees. The id must be unique on the host; base is
// what it may run on while nothing is leased. What a lessee asks from here on
// waits until it is answered.
func Join(id string, base Set) (*Member, error) {
	fd, err := hold(openName + id)
	if err != nil {
		return nil, err
	}
	m := &Member{base: base, fd: fd}
	m.said, _ = openPresence() // without sysfs nobody can lease a core
	return m, nil
}

// Fd can be read when a lessee asks.
func (m *Member) Fd() int { return m.fd }

// AnyLease says whether something on this host is leased, or about to be: one
// cheap call. A jail that asks after Join, once its processes are in their
// groups, misses no lease: who takes one later will ask.
func (m *Member) AnyLease() bool { return m.said.any() }

// Look gives what is left of the base, and the cores that are leased, by their
// first CPU.
func (m *Member) Look() (left Set, leased []int) {
	left = m.base
	for first := range m.base.last() + 1 {
		if m.said.leased(first) {
			leased = append(leased, first)
			left = left.Minus(topology{sysCPU}.core(first))
		}
	}
	return left, leased
}

// Lessees connects to the holders of leased cores: each hangs up when its core
// is free. One that can't be reached has no descriptor, and is to be looked
// for again after a Pause.
func Lessees(leased []int) []Holder {
	names := make([]string, len(leased))
	for i, first := range leased {
		names[i] = nameOf(first)
	}
	return rivalsOf(names...)
}

// WaitFor waits until some of the base is left. Lessees who ask meanwhile are
// told that the jail needs a core, and give theirs back.
func (m *Member) WaitFor(ctx context.Context, q Request) (left Set, err error) {
	w := newWait(ctx, &q)
	defer w.close()
	w.serve = append(w.serve, served{m.fd, func() { m.Answer(Stays) }})
	for {
		left, leased := m.Look()
		w.holders = func() []int { return pidsOf(leased) }
		if !left.Empty() {
			return left, nil
		}
		if err := w.until(Lessees(leased)); err != nil {
			return left, err
		}
	}
}

// pidsOf lists the processes that have leased cores.
func pidsOf(leased []int) (pids []int) {
	for _, first := range leased {
		if h, err := reach(nameOf(first)); err == nil {
			pids = append(pids, h.PID)
			unix.Close(h.Fd)
		}
	}
	return pids
}

// Answer tells all who ask. Whoever is told that the jail stays is connected
// until Close, and so learns of its end.
func (m *Member) Answer(a Answer) {
	for {
		fd, _, err := unix.Accept4(m.fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ECONNABORTED) {
			continue
		}
		if err != nil {
			return
		}
		_ = unix.Send(fd, []byte{byte(a)}, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT) // he may have gone
		if a == Stays {
			m.stays = append(stillThere(m.stays), fd)
		} else {
			unix.Close(fd)
		}
	}
}

// stillThere closes the connections that the other side has closed.
func stillThere(fds []int) []int {
	return slices.DeleteFunc(fds, func(fd int) bool {
		p := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(p, 0)
		if n == 0 || err != nil {
			return false
		}
		unix.Close(fd)
		return true
	})
}

// Close ends it. It may be called again, and on nil.
func (m *Member) Close() {
	if m == nil || m.fd < 0 {
		return
	}
	unix.Close(m.fd)
	m.fd = -1
	m.said.close()
	for _, fd := range m.stays {
		unix.Close(fd)
	}
	m.stays = nil
}
