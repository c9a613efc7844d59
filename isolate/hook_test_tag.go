//go:build jailtest

package isolate

import (
	"sync/atomic"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/tape"
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
	if f := mutation.Load(); f != nil {
		return (*f)(t)
	}
	return t
}

// haltTag is what a halted tape says: "halt".
const haltTag = 0x746c6168

var halting atomic.Pointer[func()]

// HaltAt lets every launch halt before op i, and calls reached, on the run's own
// goroutine, when it has come there. It goes on when the supervisor is dead, or
// after so many milliseconds; -1 is for ever. A tape without an op i is played
// as it is.
func HaltAt(i, patience int, reached func(tape.Op)) {
	Mutate(func(t *tape.Tape) *tape.Tape {
		if i >= len(t.Ops) {
			return t
		}
		op, fd := t.Ops[i], uint64(plan.FdCtl)
		if op.Proc == tape.Target {
			fd = plan.FdTarget
		}
		halting.Store(new(func() { reached(op) }))
		return t.Held(i, fd, haltTag, patience)
	})
}

func halted(tag uint64) {
	if f := halting.Load(); f != nil && tag == haltTag {
		(*f)()
	}
}
