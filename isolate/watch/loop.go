// Package watch is the event loop of one jail's supervisor: descriptors,
// timers, calls from other goroutines, and the relays that carry a program's
// standard streams.
//
// A loop is one goroutine, and while it waits it holds no OS thread: its epoll
// descriptor is itself waited for by the Go runtime's poller (an epoll may
// watch an epoll: epoll(7)). Hundreds of jails cost hundreds of goroutines.
//
// Handlers run on the loop's goroutine one after the other, so state that only
// they touch needs no lock. A handler must never block.
package watch

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// The conditions of Add and Mod. EPOLLHUP and EPOLLERR are always reported.
const (
	In  uint32 = unix.EPOLLIN
	Out uint32 = unix.EPOLLOUT
)

// Handler is told the epoll event bits that hold for its descriptor.
type Handler = func(events uint32)

// Loop waits for descriptors, timers and posted calls. Make one with New. Add,
// Mod, Del, At and OnCancel belong to the loop's goroutine: call them before
// Run or from a handler. Post and Stop may be called from anywhere.
type Loop struct {
	file   *os.File
	conn   syscall.RawConn
	epfd   int
	poll   func(fd uintptr) bool
	batch  [16]unix.EpollEvent
	n      int
	err    error
	fds    map[int]*watched
	always []*watched // descriptors that epoll refuses: they never block
	gen    int32
	timers timers

	wake    int // eventfd
	mu      sync.Mutex
	posted  []func()
	spare   []func() // the last batch's memory, used again
	closed  bool
	stop    atomic.Bool
	hold    bool
	running atomic.Bool
	cancel  func()
}

// New makes a loop: one epoll, one eventfd and one timerfd. Close frees them.
func New() (*Loop, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, &Error{Op: "epoll_create1", Object: "loop", Err: err, Hint: hint(err)}
	}
	l := &Loop{epfd: epfd, wake: -1, fds: make(map[int]*watched, 8)}
	l.timers.fd = -1
	if err := l.open(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Loop) open() (err error) {
	if l.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return &Error{Op: "eventfd", Object: "loop", Err: err, Hint: hint(err)}
	}
	if l.timers.fd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		return &Error{Op: "timerfd_create", Object: "loop", Err: err, Hint: hint(err)}
	}
	if err = l.Add(l.wake, In, l.runPosted); err != nil {
		return err
	}
	return l.Add(l.timers.fd, In, l.timers.expire)
}

func hint(err error) string {
	switch err {
	case unix.EMFILE:
		return "raise the limit of open files (ulimit -n)"
	case unix.ENOSPC:
		return "raise fs.epoll.max_user_watches"
	}
	return ""
}

// HoldThread has the loop wait in the kernel, holding its thread, instead of in
// the runtime's poller. It is quicker by a few thread switches at each event,
// and right for a process that has one loop. Call it before Run.
func (l *Loop) HoldThread() { l.hold = true }

// OnCancel sets what is called on the loop's goroutine when Run's context is
// done. Without it, Run then returns the context's cause.
func (l *Loop) OnCancel(f func()) { l.cancel = f }

// Run serves events until Stop, and then returns nil. A done context does not
// end it but calls the function of OnCancel, so that the owner can end its jail
// in order.
func (l *Loop) Run(ctx context.Context) error {
	if !l.running.CompareAndSwap(false, true) {
		return &Error{Op: "run", Object: "loop", Err: errRunning}
	}
	defer l.running.Store(false)
	var cause error
	detach := context.AfterFunc(ctx, func() {
		l.Post(func() { cause = l.canceled(ctx) })
	})
	defer detach()
	for !l.stop.Load() {
		if err := l.turn(); err != nil {
			return err
		}
	}
	return cause
}

func (l *Loop) canceled(ctx context.Context) error {
	if l.cancel != nil {
		l.cancel()
		return nil
	}
	l.Stop()
	return context.Cause(ctx)
}

// turn waits for events and serves them.
func (l *Loop) turn() error {
	if err := l.timers.arm(); err != nil {
		return err
	}
	if err := l.wait(); err != nil {
		return err
	}
	for i := range l.n {
		ev := &l.batch[i]
		if w := l.fds[int(ev.Fd)]; w != nil && w.gen == ev.Pad && !l.stop.Load() {
			w.handler(ev.Events)
		}
	}
	for _, w := range l.always {
		if !w.gone && w.events != 0 && !l.stop.Load() {
			w.handler(w.events)
		}
	}
	return nil
}

// wait fills the batch; it returns at once where a descriptor is always ready.
func (l *Loop) wait() error {
	if l.anyAlways() {
		l.collect(0)
		return l.err
	}
	if l.hold {
		l.collect(-1)
		return l.err
	}
	if l.conn == nil {
		if err := l.usePoller(); err != nil {
			return err
		}
	}
	if err := l.conn.Read(l.poll); err != nil {
		return &Error{Op: "poll", Object: "loop", Err: err}
	}
	return l.err
}

// usePoller hands the epoll descriptor to the runtime's poller, which takes only
// a non-blocking one.
func (l *Loop) usePoller() (err error) {
	if err := unix.SetNonblock(l.epfd, true); err != nil {
		return &Error{Op: "fcntl", Object: "loop", Err: err}
	}
	l.file = os.NewFile(uintptr(l.epfd), "epoll")
	l.poll = l.epollWait
	if l.conn, err = l.file.SyscallConn(); err != nil {
		return &Error{Op: "poll", Object: "loop", Err: err}
	}
	return nil
}

func (l *Loop) anyAlways() bool {
	for _, w := range l.always {
		if w.events != 0 {
			return true
		}
	}
	return false
}

// epollWait collects what is ready and says whether there was anything. It
// never waits: false sends the goroutine to the runtime's poller. That poller
// is edge-triggered, so it is right to go there only after a look that found
// nothing.
func (l *Loop) epollWait(uintptr) bool { return l.collect(0) }

// collect fills the batch; timeout is epoll_wait(2)'s.
func (l *Loop) collect(timeout int) bool {
	n, err := unix.EpollWait(l.epfd, l.batch[:], timeout)
	if err == unix.EINTR {
		n, err = 0, nil
	}
	l.n, l.err = max(n, 0), nil
	if err != nil {
		l.err = &Error{Op: "epoll_wait", Object: "loop", Err: err}
	}
	return n > 0 || err != nil
}

// Close frees the loop's own descriptors. It must not run any more.
func (l *Loop) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed, l.posted = true, nil
	for _, fd := range []int{l.wake, l.timers.fd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	if l.file == nil {
		return unix.Close(l.epfd)
	}
	return l.file.Close()
}
