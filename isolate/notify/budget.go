package notify

import (
	"bytes"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// budget lets a call go on while its jail has fewer than most of what it makes:
// TCP listeners for listen(2), whatever socket that is called for, filters for
// seccomp(2) and prctl(2), and netlink sockets else. That is safe as nothing else
// about a call is: the arguments that decide are numbers, which can't change any
// more, and what is counted is made by such calls only. A call that goes on is no
// denial, and one that does not is no attack, so no policy kills for it.
func (l *Listener) budget(c *Call, most int) {
	room := l.room(c, most)
	if !l.valid(c.ID) {
		return // a signal took the caller out of the call, or it is dead and its number may be another's
	}
	if room && l.goOn(c.ID) {
		l.granted(c)
		return
	}
	errno, rule, fix := l.answer(c)
	l.note(c, errno, rule, fix)
	l.refuse(c.ID, errno)
}

// grant is a call that went on, and that may not have done its work yet.
type grant struct {
	nr  int32
	pid int
	at  time.Time
}

// settled is how long a call that goes on takes at most, as a rule: making the
// socket takes microseconds, once the caller runs.
const settled = 20 * time.Millisecond

func (l *Listener) granted(c *Call) {
	l.grants = append(l.grants, grant{c.NR, c.PID, time.Now()})
	switch c.NR {
	case unix.SYS_LISTEN:
		l.listeners++
	case unix.SYS_SECCOMP, unix.SYS_PRCTL:
		l.filters++
	}
}

// underWay is how many calls like c went on just now: the kernel's count lacks
// them. A caller that calls again is through with its last.
func (l *Listener) underWay(c *Call) (n int) {
	kept := l.grants[:0]
	for _, g := range l.grants {
		if g.pid == c.PID || time.Since(g.at) >= settled {
			continue
		}
		kept = append(kept, g)
		if g.nr == c.NR {
			n++
		}
	}
	l.grants = kept
	return n
}

// room says whether c's jail may make one more of what c makes. Of the calls that
// are under way there are never most either, so a burst can't get more than twice
// what is allowed. A thread that is kept from running for longer than settled can
// have one socket beyond that.
func (l *Listener) room(c *Call, most int) bool {
	going := l.underWay(c)
	switch c.NR {
	case unix.SYS_LISTEN:
		return l.mayListen(c.PID, most, going)
	case unix.SYS_SECCOMP, unix.SYS_PRCTL:
		return l.filters < most // a filter stays until its last process ends, and nobody tells
	}
	if going >= most {
		return false
	}
	n, ok := l.netlinkSockets(c.PID)
	return ok && n < most
}

// mayListen says whether pid's jail may have one more TCP listener. It can have
// no more than calls went on, so that as a rule nothing is read; from then on no
// more than TCP sockets that listen, are connected or wait to be accepted. To
// count listeners alone the kernel goes through all TCP sockets of the host
// (net/tcp), which takes milliseconds, and the program could ask for it again and
// again. What can't be counted stays as many as it was.
func (l *Listener) mayListen(pid, most, going int) bool {
	if l.listeners >= most {
		if n, ok := l.tcpSockets(pid); ok {
			l.listeners = n + going
		}
	}
	return l.listeners < most
}

// tcpSockets counts the TCP sockets that have a port in pid's network namespace.
func (l *Listener) tcpSockets(pid int) (n int, ok bool) {
	text, ok := l.protocols(pid)
	if !ok {
		return 0, false
	}
	v4, ok := socketsOf(text, "TCP")
	v6, _ := socketsOf(text, "TCPv6") // none where the kernel has no IPv6
	return v4 + v6, ok
}

// maxProtocols bounds what is read for a count; the file has a line of 110 bytes
// for each protocol that the kernel knows.
const maxProtocols = 64 << 10

// netlinkSockets counts the netlink sockets of programs in pid's network
// namespace: in net/protocols, since net/netlink shows only those that are
// bound, and the kernel's own with them.
func (l *Listener) netlinkSockets(pid int) (n int, ok bool) {
	text, ok := l.protocols(pid)
	if !ok {
		return 0, false
	}
	return socketsOf(text, "NETLINK")
}

// protocols reads net/protocols of pid's network namespace; the text is good
// until the next time.
func (l *Listener) protocols(pid int) (text []byte, ok bool) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/net/protocols", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false
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
			return nil, false
		}
		if k == 0 {
			break
		}
		size += k
	}
	return l.text[:size], true
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
