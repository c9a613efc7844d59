// Package notify is the listener of a jail's seccomp user notifications: it
// refuses the calls that the filter sends it, and keeps a bounded record of
// them. It lets one continue only if that is one whose arguments are numbers and
// that has a budget: other arguments may change after they were looked at
// (seccomp_unotify(2)).
//
// A Listener is driven by an event loop: Start adds it there. Its methods belong
// to the loop's goroutine.
package notify

import (
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// window is the unit of the rate limit: so long is a caller kept waiting at
// most, and so often does a flood wake us.
const window = 50 * time.Millisecond

// Listener answers the notifications of one jail.
type Listener struct {
	fd        int
	o         Options
	req       []uint64 // struct seccomp_notif, as long as the kernel's
	resp      []uint64 // struct seccomp_notif_resp
	began     time.Time
	record    record
	grants    []grant // calls with a budget that went on just now
	text      []byte  // room to read a count, made when first needed
	listeners int     // how many TCP listeners there can be
	filters   int     // that went on to be installed, ended or not
	quota     int     // what answers may cost in a window
	used      int
	suspected int64     // suspicious calls so far
	since     time.Time // start of the window
	delayed   int64     // windows that ended in a pause
	blind     bool      // a read of a caller's memory did not come back in time
	closed    bool
}

// notification and response are struct seccomp_notif and seccomp_notif_resp of
// linux/seccomp.h.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type response struct {
	id    uint64
	val   int64
	error int32
	flags uint32
}

// New makes a listener of the descriptor that seccomp(2) gave for
// SECCOMP_FILTER_FLAG_NEW_LISTENER, and owns it from then on. The buffers have
// the sizes that the kernel asks for, which may grow.
func New(fd int, o Options) (*Listener, error) {
	var sizes struct{ notif, resp, data uint16 }
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_NOTIF_SIZES, 0, uintptr(unsafe.Pointer(&sizes)))
	if errno != 0 {
		return nil, &Error{Op: "get sizes of", Object: "seccomp notifications", Err: errno, Hint: "Linux 5.0 is needed"}
	}
	l := &Listener{fd: fd, o: o, began: time.Now()}
	l.req = words(max(uintptr(sizes.notif), unsafe.Sizeof(notification{})))
	l.resp = words(max(uintptr(sizes.resp), unsafe.Sizeof(response{})))
	if l.o.Rate <= 0 {
		l.o.Rate = DefaultRate
	}
	if l.o.Rows <= 0 {
		l.o.Rows = DefaultRows
	}
	l.quota = max(int(int64(l.o.Rate)*int64(window)/int64(time.Second)), 1) * refusal
	l.record.limit = l.o.Rows
	l.wakeHere()
	return l, nil
}

// wakeHere has the kernel run a caller on our core when we answer, since we are
// about to wait: no other core has to be woken for it. Linux before 6.6 does not
// know it, and nothing but speed is lost.
func (l *Listener) wakeHere() {
	const setFlags, syncWakeUp = 0x40082104, 1 // SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(l.fd), setFlags, syncWakeUp)
}

// What answers cost: a program makes calls that are watched in good faith, and by
// the thousand.
const (
	refusal = 16
	passing = 1
)

func words(size uintptr) []uint64 { return make([]uint64, (size+7)/8) }

// Start lets the loop call Handle while notifications wait.
func (l *Listener) Start() error { return l.o.Loop.Add(l.fd, unix.EPOLLIN, l.Handle) }

// Denials gives what was refused, in the order of first calls.
func (l *Listener) Denials() []Denial { return l.record.denials() }

// Close stops listening. Calls that wait or come later get ENOSYS of the kernel.
func (l *Listener) Close() {
	if l.closed {
		return
	}
	l.closed = true
	l.o.Loop.Del(l.fd)
	unix.Close(l.fd)
}

// turn is about how long the loop's other work waits for calls that come one after
// the other: what one takes is the program's to choose, by the names in it.
const turn = 2 * time.Millisecond

// Handle serves the notifications that wait, as many as the rate and a turn allow. What
// exceeds it stays in the kernel, where each task can have one: so nothing here
// grows, and the caller pays.
func (l *Listener) Handle(events uint32) {
	if l.closed {
		return
	}
	if events&(unix.EPOLLHUP|unix.EPOLLERR) != 0 && events&unix.EPOLLIN == 0 {
		l.hangup(nil)
		return
	}
	began := time.Now()
	if began.Sub(l.since) >= window {
		l.since, l.used = began, 0
	}
	for more := true; more && !l.closed && l.used < l.quota; more = !l.closed && time.Since(began) < turn && l.waiting() {
		l.used += l.serve()
	}
	if !l.closed && l.used >= l.quota {
		l.pause()
	}
}

// pause stops listening until the window is over.
func (l *Listener) pause() {
	l.delayed++
	l.o.Loop.Del(l.fd)
	l.o.Loop.Later(max(window-time.Since(l.since), 0), func() {
		if l.closed {
			return
		}
		if err := l.Start(); err != nil {
			l.hangup(err) // its callers then get ENOSYS, not a pass
		}
	})
}

func (l *Listener) hangup(err error) {
	l.Close()
	if l.o.OnHangup != nil {
		l.o.OnHangup(err)
	}
}

// next is how long the next call of a caller that was answered is waited for here:
// by the loop it would come a good deal later, and all else of the loop's is as late
// at most.
const next = 50 * time.Microsecond

// waiting says whether a notification can be received at once: the receiving
// ioctl blocks else, O_NONBLOCK or not.
func (l *Listener) waiting() bool {
	fds := [...]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
	patience := unix.NsecToTimespec(int64(next))
	n, err := unix.Ppoll(fds[:], &patience, nil)
	return n > 0 && err == nil && fds[0].Revents&unix.POLLIN != 0
}

// serve receives one notification and answers it.
func (l *Listener) serve() (cost int) {
	clear(l.req) // the kernel insists (EINVAL)
	switch err := l.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(unsafe.SliceData(l.req))); err {
	case 0:
	case unix.EINTR, unix.ENOENT: // the caller died, or got a signal
		return refusal
	default:
		l.hangup(&Error{Op: "receive from", Object: "seccomp listener", Err: err})
		return refusal
	}
	n := *(*notification)(unsafe.Pointer(unsafe.SliceData(l.req)))
	c := Call{ID: n.id, PID: int(n.pid), Arch: n.arch, NR: n.nr, Args: n.args, IP: n.ip}
	c.Foreign = c.Arch != nativeArch || isX32(c.NR)
	c.Syscall = l.name(&c)
	switch {
	case c.Foreign:
		l.foreign(c)
	case l.watched(&c):
		return passing
	default:
		l.native(c)
	}
	return refusal
}

func (l *Listener) foreign(c Call) {
	errno := unix.ENOSYS
	if l.o.OnForeign != nil {
		errno = unanswered
	}
	l.note(&c, errno, "foreign architecture", "build the program for "+runtime.GOARCH)
	if errno == unanswered {
		l.o.OnForeign(c)
		return
	}
	l.refuse(c.ID, errno)
}

// unanswered is noted for a call that ends its jail instead of returning.
const unanswered unix.Errno = 0

func (l *Listener) native(c Call) {
	if l.o.Budget != nil {
		if most := l.o.Budget(c.NR, c.Args); most > 0 {
			l.budget(&c, most)
			return
		}
	}
	errno, rule, fix := l.answer(&c)
	l.suspected++
	if l.o.OnSuspicious != nil && l.suspected >= l.o.KillAfter {
		l.note(&c, unanswered, rule, fix)
		l.o.OnSuspicious(c)
		return
	}
	l.note(&c, errno, rule, fix)
	l.refuse(c.ID, errno)
}

// answer asks the owner for the error of a refused call.
func (l *Listener) answer(c *Call) (errno unix.Errno, rule, fix string) {
	if l.o.Answer != nil {
		errno, rule, fix = l.o.Answer(c.NR, c.Args)
	}
	if errno == 0 {
		errno = unix.EPERM
	}
	return errno, rule, fix
}

// refuse answers with an error.
func (l *Listener) refuse(id uint64, errno unix.Errno) {
	l.settle(l.send(response{id: id, error: -int32(errno)}))
}

// goOn lets the kernel serve the call, which Linux before 5.5 can't.
func (l *Listener) goOn(id uint64) bool {
	err := l.send(response{id: id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE})
	if err == unix.EINVAL {
		return false
	}
	l.settle(err)
	return true
}

// settle ends the listener if an answer could not be sent. ENOENT: the caller
// died, or a signal took it out of the call.
func (l *Listener) settle(err unix.Errno) {
	if err != 0 && err != unix.ENOENT && err != unix.EINPROGRESS {
		l.hangup(&Error{Op: "answer to", Object: "seccomp listener", Err: err})
	}
}

func (l *Listener) send(r response) unix.Errno {
	if l.closed { // by a callback: the kernel has answered
		return 0
	}
	for {
		clear(l.resp)
		*(*response)(unsafe.Pointer(unsafe.SliceData(l.resp))) = r
		if err := l.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(unsafe.SliceData(l.resp))); err != unix.EINTR {
			return err
		}
	}
}

// valid says whether the notification's caller still waits: what was read of
// its pid was then its own.
func (l *Listener) valid(id uint64) bool {
	return l.ioctl(idValid, unsafe.Pointer(&id)) == 0
}

func (l *Listener) ioctl(request uintptr, arg unsafe.Pointer) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(l.fd), request, uintptr(arg))
	return errno
}

// idValid is SECCOMP_IOCTL_NOTIF_ID_VALID as _IOW('!', 2, __u64), the same on
// every architecture that we know.
const idValid = 0x40082102
