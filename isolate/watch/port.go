package watch

import (
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// port is a descriptor as an end of a relay. It never blocks the loop. A
// descriptor that is ours is non-blocking. For one that is shared, poll before
// each operation is not enough, for another process may take the room or the
// bytes in between; so:
//
//   - a pipe is read and written with RWF_NOWAIT (Linux 6.4 for pipes); where the
//     kernel lacks that, it is opened again through /proc/self/fd, which gives a
//     description of our own;
//   - a socket takes MSG_DONTWAIT in each call;
//   - a terminal is opened again, through /proc/self/fd, or as /dev/tty if it is
//     the controlling one (the case of su(1), where the name is another user's);
//   - files on disk and the memory devices don't block, but for the disk;
//   - what remains (a terminal that can't be opened again, the master side of
//     one, an unknown device) is left to a goroutine, like any io.Writer.
type port struct {
	loop   *Loop
	fd     int
	how    how
	plain  bool // a disk file or a memory device
	owned  bool // fd is ours to close
	events uint32
	wake   func()
	on     bool
	reg    int // the descriptor that the loop knows; -1: none yet
	dup    bool
	slow   *blocking
}

// how an operation is kept from blocking.
type how uint8

const (
	asIs      how = iota // it is non-blocking, or never blocks
	noWait               // RWF_NOWAIT
	dontWait             // MSG_DONTWAIT
	goroutine            // port.slow
)

func newPort(l *Loop, fd int, kind endKind, events uint32, wake func()) (*port, error) {
	p := &port{loop: l, fd: fd, events: events, wake: wake, reg: -1, owned: kind == endOwned}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, &Error{Op: "fstat", Object: "fd " + strconv.Itoa(fd), Err: err}
	}
	mode := st.Mode & unix.S_IFMT
	fifo := mode == unix.S_IFIFO
	p.plain = mode == unix.S_IFREG || mode == unix.S_IFBLK || mode == unix.S_IFCHR && unix.Major(st.Rdev) == memMajor
	if kind == endOwned {
		return p, p.makeOwn()
	}
	switch {
	case p.plain, mode == unix.S_IFDIR: // a directory's read is an error at once
	case fifo:
		p.how = noWait
	case mode == unix.S_IFSOCK:
		p.how = dontWait
	default:
		p.reopen()
	}
	return p, nil
}

// memMajor is the major number of /dev/null, zero, full, random and urandom
// (Documentation/admin-guide/devices.txt).
const memMajor = 1

func (p *port) makeOwn() error {
	if err := unix.SetNonblock(p.fd, true); err != nil {
		return &Error{Op: "fcntl", Object: "fd " + strconv.Itoa(p.fd), Err: err}
	}
	return nil
}

// reopen gives the port a non-blocking description of its own, or, failing
// that, a goroutine.
func (p *port) reopen() {
	fd, err := p.openAgain()
	if err != nil {
		_ = p.ready(false)
		p.how, p.slow = goroutine, newBlocking(p.loop, p.fd, p.events, p.wake)
		return
	}
	p.unwatch()
	if p.owned {
		unix.Close(p.fd)
	}
	p.fd, p.owned, p.how = fd, true, asIs
}

func (p *port) openAgain() (int, error) {
	if isMaster(p.fd) {
		return -1, unix.EINVAL // opening it again would make another terminal
	}
	flags := unix.O_RDONLY
	if p.events == Out {
		flags = unix.O_WRONLY
	}
	flags |= unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(p.fd), flags, 0)
	if err == nil {
		return fd, nil
	}
	dev, devErr := unix.IoctlGetInt(p.fd, unix.TIOCGDEV)
	if devErr != nil {
		return -1, err
	}
	if fd, err = unix.Open("/dev/tty", flags, 0); err != nil {
		return -1, err
	}
	if same, err := unix.IoctlGetInt(fd, unix.TIOCGDEV); err != nil || same != dev {
		unix.Close(fd)
		return -1, unix.ENOTTY
	}
	return fd, nil
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

// isMaster says whether fd is the master side of a pseudo-terminal.
func isMaster(fd int) bool {
	_, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	return err == nil
}

// read reads without blocking. At a terminal EIO means that it was hung up, that
// the other side is closed, or that it is not ours to read: the end, tty_ioctl(4).
func (p *port) read(b []byte) (n int, err error) {
	if p.how == goroutine {
		return p.slow.src.read(b)
	}
	n, err = p.retry(b, readAs)
	if err == unix.EIO && isTerminal(p.fd) {
		return 0, nil
	}
	return n, err
}

func (p *port) write(b []byte) (int, error) {
	if p.how != goroutine {
		if n, err := p.retry(b, writeAs); p.how != goroutine {
			return n, err
		} // else it was just left to one, which nobody wakes before it has a chunk
	}
	return p.slow.sink.write(b)
}

// retry calls op until it is not interrupted, going over to another way where
// the kernel or file has no RWF_NOWAIT.
func (p *port) retry(b []byte, op func(how, int, []byte) (int, error)) (int, error) {
	for {
		n, err := op(p.how, p.fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EOPNOTSUPP && p.how == noWait:
			if p.reopen(); p.how == goroutine {
				return 0, unix.EAGAIN
			}
		default:
			return max(n, 0), err
		}
	}
}

func readAs(h how, fd int, b []byte) (int, error) {
	switch h {
	case noWait:
		return unix.Preadv2(fd, [][]byte{b}, -1, unix.RWF_NOWAIT)
	case dontWait:
		return message(unix.SYS_RECVFROM, fd, b, unix.MSG_DONTWAIT)
	}
	return unix.Read(fd, b)
}

func writeAs(h how, fd int, b []byte) (int, error) {
	switch h {
	case noWait:
		return unix.Pwritev2(fd, [][]byte{b}, -1, unix.RWF_NOWAIT)
	case dontWait:
		return message(unix.SYS_SENDTO, fd, b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	}
	return unix.Write(fd, b)
}

// message is recv(2) or send(2) without the address that the wrappers of
// x/sys/unix make room for.
func message(nr uintptr, fd int, b []byte, flags int) (int, error) {
	n, _, errno := unix.Syscall6(nr, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), uintptr(flags), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func (p *port) settled() (bool, int, error) {
	if p.how == goroutine {
		return p.slow.sink.settled()
	}
	return true, 0, nil
}

// ready tells the loop whether to watch the descriptor. It is known there from
// the first wait on, and silent while off.
func (p *port) ready(on bool) error {
	if p.how == goroutine {
		return p.slow.ready(on)
	}
	if p.on == on {
		return nil
	}
	p.on = on
	var events uint32
	if on {
		events = p.events
	}
	if p.reg >= 0 {
		return p.loop.Mod(p.reg, events)
	}
	return p.register(events)
}

// register adds the descriptor to the loop, or a copy of it where the loop has
// the number already: standard output and error may be one.
func (p *port) register(events uint32) (err error) {
	reg := p.fd
	if p.loop.fds[reg] != nil {
		if reg, err = unix.FcntlInt(uintptr(p.fd), unix.F_DUPFD_CLOEXEC, 3); err != nil {
			return &Error{Op: "fcntl", Object: "fd " + strconv.Itoa(p.fd), Err: err, Hint: hint(err)}
		}
		p.dup = true
	}
	p.reg = reg
	return p.loop.Add(reg, events, func(uint32) { p.wake() })
}

// unwatch has the loop forget the descriptor.
func (p *port) unwatch() {
	if p.reg >= 0 {
		p.loop.Del(p.reg)
	}
	if p.dup {
		unix.Close(p.reg)
	}
	p.reg, p.dup, p.on = -1, false, false
}

func (p *port) close() {
	p.unwatch()
	if p.slow != nil {
		p.slow.close()
	}
	if p.owned {
		unix.Close(p.fd)
	}
	p.owned = false
}

func (p *port) join() <-chan struct{} {
	if p.slow != nil {
		return p.slow.done()
	}
	return nil
}
