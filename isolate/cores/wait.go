package cores

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// LookAgain is when a wait looks again though nobody hung up: a holder may be
	// past its backlog, or a fork of its may have a name open until its execve.
	LookAgain = time.Second
	// soon is when it first looks again where nobody could be connected to: a name
	// is held for a moment before it can be (bind(2), listen(2)), and of a process
	// that dies the names are free a moment before its locks are.
	soon = time.Millisecond
)

// Pause grows while a holder can't be reached, from soon to LookAgain. The zero
// value has not begun.
type Pause time.Duration

// Next gives how long to wait now.
func (p *Pause) Next() time.Duration {
	*p = Pause(min(max(time.Duration(2**p), soon), LookAgain))
	return time.Duration(*p)
}

// wait is one wait for a lease, from its beginning to its end.
type wait struct {
	ctx    context.Context
	q      *Request
	since  time.Time
	cancel int // eventfd
	stop   func() bool
	done   chan struct{}
	told   bool
	pause  Pause

	serve   []served
	holders func() []int // of the cores
}

// served is a descriptor whose function is called for as long as it can be read.
type served struct {
	fd    int
	ready func()
}

func newWait(ctx context.Context, q *Request) *wait {
	w := &wait{ctx: ctx, q: q, since: time.Now(), cancel: -1}
	if q.Ready != nil {
		w.serve = []served{{q.Wake, q.Ready}}
	}
	return w
}

func (w *wait) sofar() time.Duration { return time.Since(w.since) }

// begin has a done context wake the wait.
func (w *wait) begin() error {
	if w.cancel >= 0 || w.ctx.Done() == nil {
		return nil
	}
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return &Error{Op: "make", Object: "an eventfd", Err: err}
	}
	w.cancel, w.done = fd, make(chan struct{})
	w.stop = context.AfterFunc(w.ctx, func() {
		defer close(w.done)
		_, _ = unix.Write(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // an eventfd takes any value but the largest
	})
	return nil
}

func (w *wait) close() {
	if w.cancel < 0 {
		return
	}
	if !w.stop() {
		<-w.done
	}
	unix.Close(w.cancel)
}

// until waits until one of the holders has gone, or something else is worth a
// look, and closes them.
func (w *wait) until(holders []Holder) error {
	defer closeAll(holders)
	if err := w.begin(); err != nil {
		return err
	}
	for again := w.lookAt(holders); ; {
		if w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		w.notice()
		gone, err := w.poll(holders, again)
		if err != nil || gone || !time.Now().Before(again) {
			return err
		}
	}
}

func (w *wait) lookAt(holders []Holder) time.Time {
	lost := slices.ContainsFunc(holders, func(h Holder) bool { return h.Fd < 0 })
	if len(holders) == 0 || lost {
		return time.Now().Add(w.pause.Next())
	}
	w.pause = 0
	return time.Now().Add(LookAgain)
}

// notice says once who is waited for.
func (w *wait) notice() {
	if w.told || w.q.OnWait == nil || w.sofar() < WaitNotice {
		return
	}
	w.told = true
	pids := w.holders()
	slices.Sort(pids)
	w.q.OnWait(slices.Compact(pids))
}

// poll waits for one event, and serves what else there is.
func (w *wait) poll(holders []Holder, until time.Time) (gone bool, err error) {
	fds := []unix.PollFd{{Fd: int32(w.cancel), Events: unix.POLLIN}}
	for _, s := range w.serve {
		fds = append(fds, unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN})
	}
	for _, h := range holders {
		fds = append(fds, unix.PollFd{Fd: int32(h.Fd)})
	}
	if at := w.since.Add(WaitNotice); !w.told && w.q.OnWait != nil && at.Before(until) {
		until = at
	}
	if _, err := unix.Poll(fds, millis(until)); err != nil && !errors.Is(err, unix.EINTR) {
		return false, &Error{Op: "wait for", Object: "cores", Err: err}
	}
	for i, s := range w.serve {
		if fds[1+i].Revents != 0 {
			s.ready()
		}
	}
	for _, f := range fds[1+len(w.serve):] {
		gone = gone || f.Revents != 0
	}
	return gone, nil
}

// millis is the time until then for poll(2), rounded up.
func millis(until time.Time) int {
	return int(max(0, time.Until(until)+time.Millisecond-1) / time.Millisecond)
}
