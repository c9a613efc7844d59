//go:build jailtest

package main

import (
	"os"
	"strings"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// deeds are what can be done in a step's place.
var deeds = map[string]func(t *tape.Tape, o tape.Op) tape.Op{
	// the call fails, with ENOSYS
	"fail": func(_ *tape.Tape, o tape.Op) tape.Op {
		o.Call = noCall
		return o
	},
	// the call is not made, and has succeeded
	"succeed": nothing,
	// the process waits, until it is killed
	"freeze": func(_ *tape.Tape, o tape.Op) tape.Op { return call(o, unix.SYS_PPOLL) },
	// the process is gone without a word
	"vanish": func(_ *tape.Tape, o tape.Op) tape.Op { return call(o, unix.SYS_EXIT_GROUP, 0) },
	// what a host with fs.suid_dumpable=1 does where ids change
	"dumpable": func(_ *tape.Tape, o tape.Op) tape.Op { return call(o, unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1) },
	// the process waits for its supervisor's death
	"orphan": func(t *tape.Tape, o tape.Op) tape.Op {
		return call(o, unix.SYS_PPOLL, supervisorsEnd(t), 1)
	},
	// "fail" is written to standard error: the word that every tape's error cell begins with
	"shout": func(_ *tape.Tape, o tape.Op) tape.Op {
		return call(o, unix.SYS_WRITE, 2, uint64(tape.ErrTag), 4)
	},
}

const noCall = 0xffff

// withDeeds does them, "DEED STEP" each.
func withDeeds(t *tape.Tape, at []string) *tape.Tape {
	for _, line := range at {
		deed, step, _ := strings.Cut(line, " ")
		do, ok := deeds[deed]
		if !ok {
			refuse("there is no deed " + deed)
		}
		t = inPlaceOf(t, step, do)
	}
	return t
}

// inPlaceOf does another thing in a step's place.
func inPlaceOf(t *tape.Tape, step string, do func(*tape.Tape, tape.Op) tape.Op) *tape.Tape {
	found := false
	changed := t.Replace(func(o tape.Op) (tape.Op, bool) {
		if name(o) != step {
			return o, false
		}
		found = true
		return do(t, o), true
	})
	if !found {
		refuse("there is no step " + step)
	}
	return changed
}

func nothing(_ *tape.Tape, o tape.Op) tape.Op { return tape.Nothing(o) }

// refuse ends a launch that would not be what a test asks for, and so show
// nothing.
func refuse(why string) {
	_, _ = os.Stderr.WriteString("hook of tests: " + why + "\n")
	os.Exit(result.StatusFailed)
}

// call is an op in another's place that goes on with the next, come what may.
func call(o tape.Op, nr uintptr, args ...uint64) tape.Op {
	n := tape.Op{Call: uint64(nr), Neg: tape.Next, Zero: tape.Next, Pos: tape.Next, Step: o.Step, Proc: o.Proc}
	copy(n.Args[:], args)
	return n
}

// supervisorsEnd gives the address of a struct pollfd that the supervisor's end
// of the control socket is watched by.
func supervisorsEnd(t *tape.Tape) uint64 {
	for i := range t.Ops {
		o := &t.Ops[i]
		if o.Proc == tape.Init && o.Call == unix.SYS_PPOLL && o.Load == 0 && uint32(t.Word(o.Args[0])) == plan.FdCtl {
			return o.Args[0]
		}
	}
	return 0
}
