//go:build !jailtest

package isolate

import (
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/tape"
)

// mutate is where tests of the build tag jailtest change a tape behind the
// plan's back. Outside of them nothing can.
func mutate(t *tape.Tape) *tape.Tape { return t }

// mutating says whether mutate changes anything.
func mutating() bool { return false }

// lacking gives a host's facts, of which tests of that tag may leave a layer out.
func lacking(f *host.Facts) *host.Facts { return f }

// halted is told of messages that no tape of the plan's sends.
func halted(uint64) {}
