package audit

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Sink takes events. It never waits, and never fails to its caller.
type Sink interface {
	Emit(Event)
}

// Log is an open log. Its methods may be called by many at once.
//
// Emit puts events into a bounded queue. They are written by Flush and Close, or
// else a little later, all that wait together, by a goroutine that lives no longer
// than the write.
type Log struct {
	options  Options
	chain    chain // of whoever has set writing
	redactor *Redactor

	mu      sync.Mutex
	enc     encoder
	queue   batch
	spare   batch  // of the last write, to be used again
	dropped int64  // events that did not fit, and of which no line tells yet
	queued  uint64 // events that were ever taken
	through uint64 // of these, those that were written or given up
	writing bool   // somebody writes; passed is closed when he has done
	passed  chan struct{}
	timer   *time.Timer
	err     error // why the oldest event that waits could not be written
	closed  bool
}

// Open opens a log, or begins one. What a killed writer has left is put right, and
// what else is wrong with the file is written down in it, before Open returns; see
// the package's comment.
//
// The error is an *Error, or one of the rules for files: FILE and FILE.head must be
// regular files, of one name, and no links. ErrNotLog, ErrSigned and ErrOtherKey
// say that the file is not one to go on with.
func Open(path string, o Options) (*Log, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	path, err := absolute(path)
	if err != nil {
		return nil, err
	}
	l := &Log{options: o}
	if l.redactor, err = NewRedactor(o.Redact, o.Patterns...); err != nil {
		return nil, err
	}
	l.enc.redactor = l.redactor
	l.chain = chain{path: path, options: &l.options}
	if o.Key != "" {
		if l.chain.key, err = readKey(o.Key); err != nil {
			return nil, err
		}
	}
	if _, err := l.chain.write(context.Background(), &batch{}); err != nil {
		l.chain.close()
		return nil, err
	}
	return l, nil
}

// Emit takes an event over. What does not fit into the queue is counted, and a drop
// event says how many, as soon as there is room.
func (l *Log) Emit(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if e.Detail == nil || len(l.queue.ends) >= l.options.Events || len(l.queue.text) >= l.options.Bytes {
		l.dropped++
		l.plan()
		return
	}
	l.queue.add(&l.enc, &e)
	if len(l.queue.text) > l.options.Bytes && len(l.queue.ends) > 1 {
		l.queue.ends = l.queue.ends[:len(l.queue.ends)-1]
		l.queue.text = l.queue.text[:l.queue.ends[len(l.queue.ends)-1]]
		l.dropped++
		l.plan()
		return
	}
	l.queued++
	l.plan()
}

// plan sees to it that what waits is written, with mu held.
func (l *Log) plan() {
	switch {
	case l.writing:
	case l.err == nil && (2*len(l.queue.ends) >= l.options.Events || 2*len(l.queue.text) >= l.options.Bytes):
		l.begin()
		go l.pass(context.Background())
	case l.options.Linger > 0 && l.timer == nil:
		l.timer = time.AfterFunc(l.options.Linger, l.due)
	}
}

// due is called by the timer.
func (l *Log) due() {
	l.mu.Lock()
	l.timer = nil
	if l.writing || l.closed || !l.waiting() {
		l.mu.Unlock()
		return
	}
	l.begin()
	l.mu.Unlock()
	l.pass(context.Background())
}

func (l *Log) waiting() bool { return len(l.queue.ends) > 0 || l.dropped > 0 }

// begin makes the caller the one who writes, with mu held.
func (l *Log) begin() { l.writing, l.passed = true, make(chan struct{}) }

// pass writes all that waits.
func (l *Log) pass(ctx context.Context) {
	l.mu.Lock()
	b, through, dropped, mend := l.queue, l.queued, l.dropped, l.err != nil
	l.queue, l.spare, l.dropped = batch{l.spare.text[:0], l.spare.ends[:0]}, batch{}, 0
	l.mu.Unlock()

	events, done := len(b.ends), 0
	if dropped > 0 {
		var enc encoder
		b.add(&enc, &Event{PID: unix.Getpid(), Detail: &Drop{Count: dropped}})
	}
	var err error
	if len(b.ends) > 0 || mend {
		done, err = l.chain.write(ctx, &b)
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.through = through
	if done == len(b.ends) {
		l.spare = b
	} else {
		l.dropped += dropped
		l.through -= uint64(events - min(done, events))
		l.queue = b.from(done, events).and(&l.queue)
	}
	if err == nil || l.err == nil {
		l.err = err
	}
	l.writing = false
	close(l.passed)
	if l.waiting() && !l.closed {
		l.plan()
	}
}

// from gives the bodies from one on, up to another.
func (b *batch) from(i, end int) *batch {
	rest := &batch{}
	for ; i < end; i++ {
		rest.text = append(rest.text, b.at(i)...)
		rest.ends = append(rest.ends, len(rest.text))
	}
	return rest
}

// and adds another's bodies.
func (b *batch) and(more *batch) batch {
	for i := range more.ends {
		b.text = append(b.text, more.at(i)...)
		b.ends = append(b.ends, len(b.text))
	}
	return *b
}

// Flush waits until all that was emitted before is in the file, and with
// Options.Sync on the disk, and gives the first error that keeps it from being
// there. What could not be written waits on, and is tried again.
func (l *Log) Flush(ctx context.Context) error {
	if err := l.drain(ctx); err != nil {
		return err
	}
	if l.options.Sync == SyncFlush {
		return l.alone(ctx, func() error { return l.chain.sync() })
	}
	return nil
}

func (l *Log) drain(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return &Error{Op: "flush", Object: l.chain.path, Err: ErrClosed}
	}
	target, tried := l.queued, false
	for l.through < target || l.dropped > 0 || l.err != nil {
		if tried && l.err != nil {
			return l.err
		}
		if l.closed {
			return &Error{Op: "flush", Object: l.chain.path, Err: ErrClosed}
		}
		tried = !l.writing // an attempt that began before may have left out some
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wait writes, or waits for the one who does, with mu held before and after. It
// writes itself where it may take its time: to hand that to another thread and
// wait costs more than the write.
func (l *Log) wait(ctx context.Context) error {
	passed := l.passed
	if !l.writing {
		l.begin()
		passed = l.passed
		if ctx.Done() == nil {
			l.mu.Unlock()
			l.pass(ctx)
			l.mu.Lock()
			return nil
		}
		go l.pass(ctx)
	}
	l.mu.Unlock()
	defer l.mu.Lock()
	select {
	case <-passed:
		return nil
	case <-ctx.Done():
		return failed("flush", l.chain.path, ctx.Err())
	}
}

// alone runs f as the one who writes.
func (l *Log) alone(ctx context.Context, f func() error) error {
	l.mu.Lock()
	for l.writing {
		passed := l.passed
		l.mu.Unlock()
		select {
		case <-passed:
		case <-ctx.Done():
			return failed("flush", l.chain.path, ctx.Err())
		}
		l.mu.Lock()
	}
	if l.closed {
		l.mu.Unlock()
		return &Error{Op: "flush", Object: l.chain.path, Err: ErrClosed}
	}
	l.begin()
	l.mu.Unlock()
	done := make(chan error, 1)
	work := func() {
		err := f()
		l.mu.Lock()
		l.writing = false
		close(l.passed)
		if l.waiting() && !l.closed { // what came meanwhile was planned by nobody
			l.plan()
		}
		l.mu.Unlock()
		done <- err
	}
	if ctx.Done() == nil {
		work()
		return <-done
	}
	go work()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return failed("flush", l.chain.path, ctx.Err())
	}
}

// Close writes what waits, with a key a checkpoint, and closes the log; one that is
// closed already stays so. It gives
// the first error; what could not be written is lost then, and the error says how
// much that is. What is emitted later is nowhere.
func (l *Log) Close(ctx context.Context) error {
	err := l.drain(ctx)
	if errors.Is(err, ErrClosed) {
		return nil
	}
	if err == nil {
		err = l.alone(ctx, func() error {
			err := l.chain.checkpoint(ctx)
			if err == nil && l.options.Sync != SyncNever {
				err = l.chain.sync()
			}
			return err
		})
	}
	return l.shut(ctx, err)
}

// shut closes the files, when nobody writes, and adds to an error what is lost.
func (l *Log) shut(ctx context.Context, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.writing {
		passed := l.passed
		l.mu.Unlock()
		select {
		case <-passed:
		case <-ctx.Done():
			err = cmp.Or(err, failed("close", l.chain.path, ctx.Err()))
			l.mu.Lock()
			return err
		}
		l.mu.Lock()
	}
	if l.closed {
		return err
	}
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.chain.close()
	if lost := int64(len(l.queue.ends)) + l.dropped; lost > 0 {
		err = &Error{Op: "close", Object: l.chain.path, Err: cmp.Or(err, error(ErrLost)), Detail: strconv.FormatInt(lost, 10) + " events are lost"}
	}
	return err
}
