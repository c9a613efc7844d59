package watch

import (
	"golang.org/x/sys/unix"
)

// state is what a step of a relay came to.
type state uint8

const (
	moved     state = iota // go on
	awaitFrom              // nothing to read
	awaitTo                // no room to write
	done
)

// pump moves bytes until it would block, and then leaves exactly one end watched:
// the one that it waits for. If it has had its share of the loop before, no end
// may have news to wake it for, so it is called again in the next turn.
func (r *Relay) pump() {
	if r.ended || r.pumping {
		return // OnLimit may have come back here by Drain
	}
	r.pumping = true
	s := moved
	for i := 0; i < rounds && s == moved && !r.ended; i++ {
		if s = r.step(); s == awaitFrom && r.draining {
			r.eof, s = true, moved
		}
	}
	r.pumping = false
	switch {
	case r.ended:
	case s == done:
		r.finish()
	default:
		r.await(s)
	}
}

func (r *Relay) await(s state) {
	if s == moved {
		r.loop.Post(r.pump)
	}
	if s == awaitFrom {
		r.giveBuffer() // a service may be silent for days
	}
	err := r.src.ready(s == awaitFrom)
	if r.dst != nil && err == nil {
		err = r.dst.ready(s == awaitTo)
	}
	if err != nil { // not to be woken again would be to hang
		r.record(err)
		r.finish()
	}
}

// step does one thing.
func (r *Relay) step() state {
	settled := r.settle()
	over := r.eof || r.o.Rest == RestClose && (r.failed || r.totals.Truncated)
	switch {
	case len(r.pending) > 0:
		return r.flush()
	case over && !settled:
		return awaitTo
	case over:
		return done
	case r.dst == nil || r.failed || r.left() == 0:
		return r.discard()
	}
	return r.fill()
}

// settle hears of the fate of what was handed over, and says whether nothing
// is under way.
func (r *Relay) settle() bool {
	if r.dst == nil || r.failed {
		return true
	}
	settled, lost, err := r.dst.settled()
	if err != nil {
		r.totals.Delivered -= int64(lost)
		r.fail(failure("write", "destination", err))
	}
	return settled
}

// left is how many bytes may still be delivered.
func (r *Relay) left() int64 { return max(r.o.Limit-r.totals.Taken, 0) }

func (r *Relay) take(n int) {
	r.totals.Taken += int64(n)
	r.passed.Add(int64(n))
	if r.totals.Taken > r.o.Limit && !r.totals.Truncated {
		r.totals.Truncated = true
		if r.o.OnLimit != nil {
			r.o.OnLimit()
		}
	}
}

// fill reads what may still be delivered.
func (r *Relay) fill() state {
	n, s := r.read(min(r.left(), bufferSize))
	if s != moved || n == 0 {
		return s
	}
	r.pending = r.buf[:n]
	r.take(n)
	return r.flush()
}

// discard reads what will not be delivered.
func (r *Relay) discard() state {
	n, s := r.read(bufferSize)
	r.take(n)
	return s
}

// read reads up to size bytes into the buffer. A source that fails is at its end.
func (r *Relay) read(size int64) (int, state) {
	if r.buf == nil {
		r.buf = buffers.Get().(*[bufferSize]byte)[:]
	}
	n, err := r.src.read(r.buf[:size])
	switch {
	case err == unix.EAGAIN:
		return 0, awaitFrom
	case err != nil:
		r.totals.ReadErr = failure("read", "source", err)
		r.record(r.totals.ReadErr)
		fallthrough
	case n == 0:
		r.eof = true
	}
	return n, moved
}

// flush writes what is pending.
func (r *Relay) flush() state {
	n, err := r.dst.write(r.pending)
	r.totals.Delivered += int64(n)
	switch {
	case err == unix.EAGAIN:
		return awaitTo
	case err != nil:
		r.fail(failure("write", "destination", err))
	default:
		r.pending = r.pending[n:]
	}
	return moved
}
