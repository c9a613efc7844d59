//go:build jailtest

package isolate

import (
	"sync/atomic"

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
