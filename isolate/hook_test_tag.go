//go:build jailtest

package isolate

import (
	"sync/atomic"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
)

var mutation atomic.Pointer[func(*tape.Tape) *tape.Tape]

// Mutate lets every launch play a tape that f has changed, until it is called
// again with nil. The plan stays as it was: what the result then says must come
// from the kernel. It exists in test builds alone.
func Mutate(f func(*tape.Tape) *tape.Tape) {
	if f == nil {
		mutation.Store(nil)
		return
	}
	mutation.Store(&f)
}

// mutating keeps a launch whose tape was changed from a second try with more
// rights: a wall that is left out there would be the host's.
func mutating() bool { return mutation.Load() != nil }

func mutate(t *tape.Tape) *tape.Tape {
	for _, f := range []*func(*tape.Tape) *tape.Tape{mutation.Load(), halting.Load()} {
		if f != nil {
			t = (*f)(t)
		}
	}
	return t
}

// haltTag is what a halted tape says: "halt".
const haltTag = 0x746c6168

// halting changes no wall: a launch may be tried again.
var (
	halting atomic.Pointer[func(*tape.Tape) *tape.Tape]
	reached atomic.Pointer[func()]
)

// Halt lets every launch play the tape that f makes of its own, in which nothing
// but halts may be new.
func Halt(f func(*tape.Tape) *tape.Tape) { halting.Store(&f) }

// HaltedAt gives a tape that halts before op i, and calls told, on the run's own
// goroutine, when it has come there. It goes on when the supervisor is dead, or
// after so many milliseconds; -1 is for ever. A tape without an op i stays as it
// is.
func HaltedAt(t *tape.Tape, i, patience int, told func(tape.Op)) *tape.Tape {
	if i >= len(t.Ops) {
		return t
	}
	op, fd := t.Ops[i], uint64(plan.FdCtl)
	if op.Proc == tape.Target {
		fd = plan.FdTarget
	}
	reached.Store(new(func() { told(op) }))
	return t.Held(i, fd, haltTag, patience)
}

func halted(tag uint64) {
	if f := reached.Load(); f != nil && tag == haltTag {
		(*f)()
	}
}

// lost are the layers that Lack was told.
var lost atomic.Pointer[[]policy.Layer]

// Lack has every launch planned for a host that lacks some layers.
func Lack(l ...policy.Layer) { lost.Store(&l) }

func lacking(f *host.Facts) *host.Facts {
	if list := lost.Load(); list != nil {
		for _, l := range *list {
			if l == policy.LayerUserNS {
				f = f.WithoutUserNS()
			} else {
				f = f.Without(l)
			}
		}
	}
	return f
}
