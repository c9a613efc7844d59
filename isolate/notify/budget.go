package notify

import (
	"bytes"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// budget lets a call go on while its jail has fewer netlink sockets than most.
// That is safe as nothing else about a call is: its arguments are numbers, which
// can't change any more. A call that goes on is no denial, and one that does not
// is no attack, so no policy kills for it.
func (l *Listener) budget(c *Call, most int) {
	room := l.room(c.PID, most)
	if !l.valid(c.ID) {
		return // a signal took the caller out of the call, or it is dead and its number may be another's
	}
	if room && l.goOn(c.ID) {
		l.grants = append(l.grants, grant{c.PID, time.Now()})
		return
	}
	errno, rule, fix := l.answer(c)
	l.note(c, errno, rule, fix)
	l.refuse(c.ID, errno)
}

// grant is a call that went on, and that may not have made its socket yet.
type grant struct {
	pid int
	at  time.Time
}

// settled is how long a call that goes on takes at most, as a rule: making the
// socket takes microseconds, once the caller runs.
const settled = 20 * time.Millisecond

// room says whether pid's jail may make one more socket. The kernel's count lacks
// those of calls that went on just now; so of these there are never most either,
// and a burst can't get more than twice what is allowed. A thread that is kept
// from running for longer than settled can have one socket beyond that.
func (l *Listener) room(pid, most int) bool {
	kept := l.grants[:0]
	for _, g := range l.grants {
		if g.pid != pid && time.Since(g.at) < settled {
			kept = append(kept, g)
		}
	}
	l.grants = kept
	if len(kept) >= most {
		return false
	}
	n, ok := l.netlinkSockets(pid)
	return ok && n < most
}

// maxProtocols bounds what is read for a count; the file has a line of 110 bytes
// for each protocol that the kernel knows.
const maxProtocols = 64 << 10

// netlinkSockets counts the netlink sockets of programs in pid's network
// namespace: in net/protocols, since net/netlink shows only those that are
// bound, and the kernel's own with them.
func (l *Listener) netlinkSockets(pid int) (n int, ok bool) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/net/protocols", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(fd)
	if l.text == nil {
		l.text = make([]byte, maxProtocols)
	}
	size := 0
	for size < len(l.text) {
		k, err := unix.Read(fd, l.text[size:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, false
		}
		if k == 0 {
			break
		}
		size += k
	}
	return socketsOf(l.text[:size], "NETLINK")
}

// socketsOf reads a protocol's number of sockets, the third field of its line
// (net/core/sock.c, proto_seq_printf).
func socketsOf(protocols []byte, name string) (n int, ok bool) {
	for line := range bytes.Lines(protocols) {
		f := bytes.Fields(line)
		if len(f) < 3 || string(f[0]) != name {
			continue
		}
		n, err := strconv.Atoi(string(f[2]))
		return n, err == nil && n >= 0
	}
	return 0, false
}
