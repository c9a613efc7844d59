//go:build !jailtest

package isolate

import "github.com/jailrun/jail/isolate/tape"

// mutate is where tests of the build tag jailtest change a tape behind the
// plan's back. Outside of them nothing can.
func mutate(t *tape.Tape) *tape.Tape { return t }

// mutating says whether mutate changes anything.
func mutating() bool { return false }

// halted is told of messages that no tape of the plan's sends.
func halted(uint64) {}
