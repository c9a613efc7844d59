package main

import "fmt"

// verdict is what came of an attack.
type verdict string

const (
	wasHeld       verdict = "held"
	breached      verdict = "BREACHED"
	provesNothing verdict = "proves nothing" // it does not succeed outside either
	notHere       verdict = "not here"       // nor can it: this kernel lacks what it is about
	broken        verdict = "BROKEN"         // it has said nothing
)

// outcome is one attack as one user.
type outcome struct {
	attack  *attack
	uid     int
	verdict verdict
	words   string // the attack's own, and where they come from
}

// statusBreached is the exit status of an attack that got through: attacks/attack.h.
const statusBreached = 42

// statusAbsent is that of one that found the kernel without what it is about.
const statusAbsent = 43

// said is how a run of an attack ended.
type said struct {
	status int
	reason string // of the jail, "" outside
	words  string
}

// through says whether it got through.
func (s said) through() bool { return s.status == statusBreached }

// judge makes the verdict of what an attack said outside and inside.
func judge(outside, inside said) (verdict, string) {
	switch {
	case outside.status == statusAbsent:
		return notHere, outside.words
	case !outside.through():
		return provesNothing, fmt.Sprintf("outside: status %d, %s", outside.status, outside.words)
	case inside.through():
		return breached, inside.words
	case inside.status == 0:
		return wasHeld, inside.words
	case inside.reason != "" && inside.reason != "exited" && inside.reason != "signaled" && inside.reason != "setup-failed" && inside.reason != "internal":
		return wasHeld, "ended: " + inside.reason
	case inside.reason == "signaled":
		return wasHeld, "killed by the kernel: " + inside.words
	}
	return broken, fmt.Sprintf("inside: status %d (%s), %s", inside.status, inside.reason, inside.words)
}
