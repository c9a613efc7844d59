package watch

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Unlimited, as a relay's limit, is none.
const Unlimited = -1

// Rest is what a relay does with bytes that it may not or can't deliver.
type Rest uint8

const (
	// RestDiscard reads on and counts, so that the program is never blocked by
	// a destination that failed.
	RestDiscard Rest = iota
	// RestClose ends the relay: who writes to an owned source gets EPIPE.
	RestClose
)

// RelayOptions say what is copied where.
type RelayOptions struct {
	From End
	To   End // zero: bytes are counted and discarded

	// Limit is how many bytes are delivered: exactly so many, if the source
	// has more. Zero lets nothing pass; Unlimited lifts it.
	Limit int64
	// OnLimit is called once, when the source has given a byte beyond Limit.
	OnLimit func()
	// OnEOF is called once, when the relay has ended by itself or by Drain:
	// all is delivered, or never will be, and owned ends are closed.
	OnEOF func()
	// Rest is done after Limit, and after the destination failed.
	Rest Rest
}

// Totals is what a relay has done so far.
type Totals struct {
	Taken     int64 // bytes read from the source
	Delivered int64 // bytes that the destination took; at most Limit
	Truncated bool  // the source had more than Limit
	ReadErr   error // the first failure of the source, an *Error; what came before it was all of it
	Err       error // the first failure, an *Error with an errno or ErrDeadline; EPIPE is one
}

// Relay copies a stream. It copies indeed: splice(2) would hand a reader, which
// may be a program in another jail, pages of the writer's files (CVE-2022-0847),
// and is no quicker where writer and reader have cores of their own. It is driven by its loop, and but for Passed and Join
// its methods belong to the loop's goroutine. It never blocks there: see port.go.
type Relay struct {
	loop     *Loop
	o        RelayOptions
	src      source
	dst      sink
	buf      []byte
	pending  []byte // the part of buf that dst has yet to take
	totals   Totals
	passed   atomic.Int64
	failed   bool // dst takes no more
	eof      bool
	draining bool
	ended    bool
	pumping  bool
	deadline *Timer
}

// buffers are shared by all relays: most read nothing but the end.
var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

const (
	bufferSize = 64 << 10 // a pipe's default capacity (pipe(7))
	rounds     = 8        // steps before the loop's other handlers have their turn
)

// NewRelay starts a relay on l. It has taken nothing yet when it returns.
// A destination that can't be used is recorded like one that fails later; a
// source that can't be read is an error, and owned ends are then closed.
func NewRelay(l *Loop, o RelayOptions) (*Relay, error) {
	r := &Relay{loop: l, o: o}
	if o.Limit < 0 {
		r.o.Limit = math.MaxInt64
	}
	var err error
	if r.dst, err = o.To.sink(l, r.pump); err != nil {
		r.dst = nil
		r.fail(err)
	}
	if r.src, err = o.From.source(l, r.pump); err != nil {
		r.src = nil
		r.Close()
		return nil, err
	}
	if err = r.src.ready(true); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Totals gives what has been done so far.
func (r *Relay) Totals() Totals { return r.totals }

// Passed is how many bytes the source has given. Any goroutine may call it: it
// is the relay's sign of life for an idle limit.
func (r *Relay) Passed() int64 { return r.passed.Load() }

// Ended says whether the relay has ended.
func (r *Relay) Ended() bool { return r.ended }

// Drain says that nobody writes to the source any more: what is in it is still
// delivered, and then the relay ends, though somebody may hold the source open.
// If the destination has not taken all at the deadline, the relay ends with
// ErrDeadline. Called again, it can only bring the deadline nearer.
func (r *Relay) Drain(deadline time.Time) {
	if r.ended {
		return
	}
	if r.draining {
		if deadline.Before(r.deadline.when) {
			r.deadline.Reset(deadline)
		}
		return
	}
	r.draining = true
	r.deadline = r.loop.At(deadline, r.expire)
	r.pump()
}

func (r *Relay) expire() {
	if !r.ended {
		r.record(&Error{Op: "write", Object: "destination", Err: ErrDeadline})
		r.finish()
	}
}

// Close ends the relay at once, without a call of OnEOF. Owned ends are closed.
func (r *Relay) Close() {
	if r.ended {
		return
	}
	r.ended, r.pending = true, nil
	r.giveBuffer()
	if r.deadline != nil {
		r.deadline.Stop()
	}
	if r.src != nil {
		r.src.close()
	}
	if r.dst != nil {
		r.dst.close()
	}
}

// giveBuffer gives the buffer back; nothing in it may be pending.
func (r *Relay) giveBuffer() {
	if r.buf != nil {
		buffers.Put((*[bufferSize]byte)(r.buf))
		r.buf, r.pending = nil, nil
	}
}

// Join waits, after the relay has ended, for the goroutines of its ends, which
// may hang in a caller's Read or Write for as long as that takes. Not for the
// loop's goroutine.
func (r *Relay) Join(ctx context.Context) error {
	for _, done := range r.joins() {
		select {
		case <-done:
		case <-ctx.Done():
			return &Error{Op: "wait for", Object: "stream", Err: context.Cause(ctx), Hint: "its Read or Write has not returned"}
		}
	}
	return nil
}

func (r *Relay) joins() (list []<-chan struct{}) {
	if c := r.src.join(); c != nil {
		list = append(list, c)
	}
	if r.dst != nil {
		if c := r.dst.join(); c != nil {
			list = append(list, c)
		}
	}
	return list
}

func (r *Relay) finish() {
	if r.ended {
		return
	}
	r.Close()
	if r.o.OnEOF != nil {
		r.o.OnEOF()
	}
}

// record keeps the first failure.
func (r *Relay) record(err error) {
	if r.totals.Err == nil {
		r.totals.Err = err
	}
}

// fail gives the destination up.
func (r *Relay) fail(err error) {
	r.record(err)
	r.failed, r.pending = true, nil
}

func failure(op, object string, err error) error {
	e := &Error{Op: op, Object: object, Err: err}
	switch err {
	case unix.EPIPE:
		e.Hint = "its reader is gone"
	case unix.ENOSPC, unix.EDQUOT:
		e.Hint = "make room, or send the output elsewhere"
	}
	return e
}
