// Package landlog reads what Landlock refuses from the kernel's audit: since Linux
// 6.15, where audit is enabled, for a reader with CAP_AUDIT_READ in the first user
// namespace (Documentation/admin-guide/LSM/landlock.rst). It enables nothing.
package landlog

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// Refusal is one thing that Landlock refused.
type Refusal struct {
	Blockers string // the rights that lacked, as "fs.write_file", with commas
	Path     string // "" where it was about no file
	PID      int    // the process, as the host counts; 0: unknown
	NR       int32  // of the system call; -1: unknown
}

// Error says what could not be had.
type Error struct {
	Op  string
	Err error
}

func (e *Error) Error() string { return e.Op + " the kernel's audit: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Types of records: linux/audit.h.
const (
	typeSyscall = 1300
	typeEnd     = 1320
	typeAccess  = 1423
	typeDomain  = 1424
)

// Reader hears of all Landlock domains of the host, and tells of those that one
// process has made.
type Reader struct {
	fd      int
	creator int
	ours    map[string]bool // domains by their ids
	pending event
	room    []byte
}

// event is what has come of one event so far: its lines follow each other.
type event struct {
	serial string
	access []record
	pid    int
	nr     int32
}

// Bounds of what other processes' events, and our own, can make us keep.
const (
	mostDomains = 256
	mostAccess  = 16
)

// ErrDisabled: the host's administrator has not enabled audit.
var ErrDisabled = errors.New("is not enabled")

// Open listens. The error is an *Error with ErrDisabled, or the kernel's errno: EPERM
// without the capabilities to ask and to listen, EPROTONOSUPPORT without audit.
func Open() (*Reader, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, &Error{"open", err}
	}
	if err := enabled(fd); err != nil {
		unix.Close(fd)
		return nil, &Error{"ask", err}
	}
	const readlog = 1 // AUDIT_NLGRP_READLOG, the first group
	if err := unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, readlog); err != nil {
		unix.Close(fd)
		return nil, &Error{"listen to", err}
	}
	return &Reader{fd: fd, ours: map[string]bool{}, room: make([]byte, 16<<10)}, nil
}

// enabled asks for struct audit_status: a mask, and whether audit is on. The kernel
// answers while it is asked.
func enabled(fd int) error {
	const get = 1000 // AUDIT_GET
	var ask [unix.NLMSG_HDRLEN]byte
	binary.NativeEndian.PutUint32(ask[0:], unix.NLMSG_HDRLEN)
	binary.NativeEndian.PutUint16(ask[4:], get)
	binary.NativeEndian.PutUint16(ask[6:], unix.NLM_F_REQUEST)
	if err := unix.Sendto(fd, ask[:], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	var room [1024]byte
	for {
		n, _, err := unix.Recvfrom(fd, room[:], 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return waitOnce(fd)
		case err != nil:
			return err
		}
		return status(room[:n])
	}
}

// waitOnce waits for an answer that is late.
func waitOnce(fd int) error {
	fds := [...]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds[:], 100); n <= 0 {
		return errors.Join(err, ErrDisabled)
	}
	var room [1024]byte
	n, _, err := unix.Recvfrom(fd, room[:], 0)
	if err != nil {
		return err
	}
	return status(room[:n])
}

func status(answer []byte) error {
	if len(answer) < unix.NLMSG_HDRLEN+8 {
		return unix.EPROTO
	}
	body := answer[unix.NLMSG_HDRLEN:]
	if binary.NativeEndian.Uint16(answer[4:]) == unix.NLMSG_ERROR {
		if errno := -int32(binary.NativeEndian.Uint32(body)); errno != 0 {
			return unix.Errno(errno)
		}
		return unix.EPROTO
	}
	if binary.NativeEndian.Uint32(body[4:]) == 0 {
		return ErrDisabled
	}
	return nil
}

// Fd is for waiting: it can be read when records have come.
func (r *Reader) Fd() int { return r.fd }

// Close stops listening.
func (r *Reader) Close() { unix.Close(r.fd) }

// Of has the reader tell of the domains that a process makes.
func (r *Reader) Of(pid int) { r.creator = pid }

// Read gives what has come, through tell. What a flood has pushed out of the socket
// is lost, and no error.
func (r *Reader) Read(tell func(Refusal)) {
	for {
		n, _, err := unix.Recvfrom(r.fd, r.room, 0)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOBUFS) {
			continue
		}
		if err != nil || n < unix.NLMSG_HDRLEN {
			return
		}
		typ := binary.NativeEndian.Uint16(r.room[4:])
		// The length in the header does not count the header here, so the
		// datagram's is what holds.
		r.line(typ, r.room[unix.NLMSG_HDRLEN:n], tell)
	}
}

// Flush tells of an event whose end has not come.
func (r *Reader) Flush(tell func(Refusal)) {
	for i := range r.pending.access {
		l := &r.pending.access[i]
		if r.ours[l.field("domain")] {
			tell(Refusal{Blockers: l.field("blockers"), Path: l.path(), PID: r.pending.pid, NR: r.pending.nr})
		}
	}
	r.pending = event{}
}

func (r *Reader) line(typ uint16, text []byte, tell func(Refusal)) {
	l, ok := parse(text)
	if !ok {
		return
	}
	if l.serial != r.pending.serial {
		r.Flush(tell)
		r.pending = event{serial: l.serial, nr: -1}
	}
	switch typ {
	case typeAccess:
		if len(r.pending.access) < mostAccess {
			r.pending.access = append(r.pending.access, l)
		}
	case typeDomain:
		if l.field("status") == "allocated" && int(l.number("pid")) == r.creator && len(r.ours) < mostDomains {
			r.ours[l.field("domain")] = true
		}
	case typeSyscall:
		r.pending.pid, r.pending.nr = int(l.number("pid")), int32(l.number("syscall"))
	case typeEnd:
		r.Flush(tell)
	}
}
