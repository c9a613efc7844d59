package otel

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/jailrun/jail/audit"
	sdk "go.opentelemetry.io/otel/sdk/log"
)

// queue is the processor between logger and exporter. The SDK's own forgets a batch
// that the receiver did not take, and what does not fit, without a count: this one
// keeps a batch until it is taken or refused, and counts.
type queue struct {
	options  *Options
	exporter sdk.Exporter
	wire     *wire
	dropped  func(int64) // emits a drop event

	wake chan struct{} // something may be due
	done chan struct{} // the worker has ended
	life context.Context
	end  context.CancelFunc

	mu      sync.Mutex
	waiting []sdk.Record
	since   time.Time // when the first of them came
	taken   int64     // records that ever were in the queue
	total   Counts    // of what the receiver has answered for
	drops   int64     // that no drop event tells of yet
	bad     error     // of what is lost since the last flush
	why     error     // what the last attempt failed of; nil after one that did not
	hasty   int       // flushes that wait
	closing bool
	moved   chan struct{} // closed when a batch was answered for
}

func newQueue(o *Options, exporter sdk.Exporter, w *wire) *queue {
	q := &queue{options: o, exporter: exporter, wire: w, wake: make(chan struct{}, 1), done: make(chan struct{}), moved: make(chan struct{})}
	q.life, q.end = context.WithCancel(context.Background())
	go q.run()
	return q
}

// Enabled is true: every event is wanted.
func (q *queue) Enabled(context.Context, sdk.EnabledParameters) bool { return true }

// OnEmit puts a record into the queue, or counts it.
func (q *queue) OnEmit(_ context.Context, r *sdk.Record) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing || len(q.waiting) >= q.options.Queue {
		q.drops++
		q.total.Dropped++
		return nil
	}
	if len(q.waiting) == 0 {
		q.since = time.Now()
	}
	q.waiting = append(q.waiting, r.Clone())
	q.taken++
	if n := len(q.waiting); n == 1 || n >= q.options.Batch {
		q.nudge()
	}
	return nil
}

// ForceFlush and Shutdown are the SDK's ways to the same; Sink calls its own.
func (q *queue) ForceFlush(ctx context.Context) error { return q.flush(ctx) }

// Shutdown ends the queue.
func (q *queue) Shutdown(ctx context.Context) error { return q.close(ctx) }

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run sends batches until the queue is closed.
func (q *queue) run() {
	defer close(q.done)
	for batch := q.next(); batch != nil; batch = q.next() {
		if !q.send(batch) {
			return
		}
		if n := q.takeDrops(); n > 0 {
			q.options.Tell(&audit.Error{Op: "export to", Object: q.options.Endpoint, Err: audit.ErrLost, Detail: strconv.FormatInt(n, 10) + " events did not fit into the queue"})
			q.dropped(n)
		}
	}
}

// next waits for a batch that is due, and gives nil when there will be none.
func (q *queue) next() []sdk.Record {
	for {
		q.mu.Lock()
		n := min(len(q.waiting), q.options.Batch)
		rest := q.options.Linger - time.Since(q.since)
		due := n > 0 && (n == q.options.Batch || q.hasty > 0 || q.closing || rest <= 0)
		batch, closing := q.waiting[:n], q.closing
		q.mu.Unlock()
		switch {
		case due:
			return batch
		case closing:
			return nil
		case n == 0:
			<-q.wake
		default:
			late := time.NewTimer(rest)
			select {
			case <-q.wake:
			case <-late.C:
			}
			late.Stop()
		}
	}
}

// send tries until the receiver has taken or refused a batch; false when the queue's
// life ends before.
func (q *queue) send(batch []sdk.Record) bool {
	var told time.Time
	pause := q.options.Pause
	for {
		ctx, cancel := context.WithTimeout(q.life, q.options.Attempt)
		err := q.exporter.Export(ctx, batch)
		cancel()
		a := q.wire.answer(err)
		if a.err != nil {
			a.err = &audit.Error{Op: "export to", Object: q.options.Endpoint, Err: a.err}
		}
		if !a.again {
			q.pass(len(batch), a)
			return true
		}
		q.fail(a.err)
		if q.life.Err() != nil {
			return false
		}
		if time.Since(told) > time.Minute {
			told = time.Now()
			q.options.Tell(a.err)
		}
		if !q.rest(max(pause, a.after)) {
			return false
		}
		pause = min(2*pause, 60*q.options.Pause)
	}
}

// rest waits between two attempts.
func (q *queue) rest(pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-q.life.Done():
		return false
	}
}

// pass takes a batch off the queue that the receiver has answered for.
func (q *queue) pass(n int, a answer) {
	if a.err != nil {
		q.options.Tell(a.err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.waiting[:n])
	q.waiting = q.waiting[n:]
	q.since = time.Now()
	refused := min(a.refused, int64(n))
	q.total.Sent += int64(n) - refused
	q.total.Refused += refused
	if refused > 0 {
		q.bad = errors.Join(q.bad, a.err)
	}
	q.why = nil
	close(q.moved)
	q.moved = make(chan struct{})
}

func (q *queue) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.why = err
}

// takeDrops gives the number of events of which nobody was told, once there is room
// for the event that tells it.
func (q *queue) takeDrops() (n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing || len(q.waiting) >= q.options.Queue {
		return 0
	}
	n, q.drops = q.drops, 0
	if n > 0 {
		q.bad = errors.Join(q.bad, &audit.Error{Op: "export to", Object: q.options.Endpoint, Err: audit.ErrLost, Detail: strconv.FormatInt(n, 10) + " events did not fit into the queue"})
	}
	return n
}

func (q *queue) flush(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hasty++
	defer func() { q.hasty-- }()
	q.nudge()
	for target := q.taken; q.total.Sent+q.total.Refused < target; {
		moved := q.moved
		q.mu.Unlock()
		select {
		case <-moved:
			q.mu.Lock()
		case <-ctx.Done():
			q.mu.Lock()
			why := q.why
			if why == nil {
				why = &audit.Error{Op: "export to", Object: q.options.Endpoint, Err: ctx.Err()}
			}
			return errors.Join(why, q.takeBad())
		case <-q.done:
			q.mu.Lock()
			return errors.Join(&audit.Error{Op: "export to", Object: q.options.Endpoint, Err: audit.ErrClosed}, q.takeBad())
		}
	}
	return q.takeBad()
}

// takeBad gives what was lost since it was last called, with mu held.
func (q *queue) takeBad() (err error) {
	err, q.bad = q.bad, nil
	return err
}

func (q *queue) close(ctx context.Context) error {
	q.mu.Lock()
	q.closing = true
	q.mu.Unlock()
	q.nudge()
	select {
	case <-q.done:
	case <-ctx.Done():
		q.end()
		<-q.done
	}
	q.end()
	q.wire.close()
	q.mu.Lock()
	defer q.mu.Unlock()
	lost := int64(len(q.waiting)) + q.drops
	err := q.takeBad()
	if lost > 0 {
		err = errors.Join(err, &audit.Error{Op: "export to", Object: q.options.Endpoint, Err: audit.ErrLost, Detail: strconv.FormatInt(lost, 10) + " events were not taken"}, q.why)
	}
	q.total.Dropped += int64(len(q.waiting))
	q.waiting, q.drops = nil, 0
	return err
}

func (q *queue) counts() Counts {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.total
	c.Waiting = int64(len(q.waiting))
	return c
}
