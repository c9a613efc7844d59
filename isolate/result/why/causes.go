package why

import (
	"slices"

	"github.com/jailrun/jail/isolate/result"
)

// cause is what probably led to a reason where some evidence holds, and what to
// change then.
type cause struct {
	reason result.Reason
	when   string // the evidence, for the docs
	holds  func(*result.Result) bool
	cause  string
	flag   string // of jail exec; one of a limit is written with twice what held
	change string // what the flag does, or what to do without one
}

// causes gives for each reason the rows that are looked through; all that hold
// are told, in this order. They are functions, not variables, which each start of
// jail would fill: rows are made by calls.
func causes() []cause {
	return slices.Concat(causesOfTime(), causesOfRoom(), causesOfDeath(), causesOfExit(), causesOfFailure())
}
