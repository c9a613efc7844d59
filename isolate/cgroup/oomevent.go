package cgroup

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// Event is a descriptor for an event loop, and what to wait for on it.
type Event struct {
	FD     int    // the caller closes it
	Events uint32 // EPOLLIN or EPOLLPRI
}

// OOMEvent opens something that becomes ready when the group runs out of
// memory; OOMKills then tells whether a task was killed. On v1 it is an eventfd
// registered for memory.oom_control (cgroup-v1/memory.rst, section 10), on v2
// memory.events itself, which also announces the other counters in it; read it
// from the start to be told again.
func (g *Group) OOMEvent() (Event, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return Event{FD: -1}, &Error{Op: "open memory events of", Path: g.name, Err: ErrClosed}
	}
	p := g.partOf("memory")
	if p == nil {
		return Event{FD: -1}, &Error{Op: "open memory events of", Path: g.name, Err: ErrNoController, Hint: hintMissing}
	}
	if p.tree.version == 1 {
		return p.registerOOM(p.path(g.name))
	}
	fd, err := open(p.leaf, "memory.events", unix.O_RDONLY)
	if err != nil {
		return Event{FD: -1}, fail("open", p.path(g.name)+"/memory.events", err)
	}
	var buf [512]byte
	_, _ = readAt(fd, buf[:]) // arms it: an unread file is always ready
	return Event{fd, unix.EPOLLPRI}, nil
}

func (p *part) registerOOM(path string) (Event, error) {
	control, err := open(p.leaf, "memory.oom_control", unix.O_RDONLY)
	if err != nil {
		return Event{FD: -1}, fail("open", path+"/memory.oom_control", err)
	}
	defer unix.Close(control)
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return Event{FD: -1}, fail("make an eventfd for", path, err)
	}
	err = writeFile(p.leaf, "cgroup.event_control", strconv.Itoa(fd)+" "+strconv.Itoa(control))
	if err != nil {
		unix.Close(fd)
		return Event{FD: -1}, fail("write", path+"/cgroup.event_control", err)
	}
	return Event{fd, unix.EPOLLIN}, nil
}
