//go:build jailtest

package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// leaveOut leaves the layer that JAIL_WITHOUT names, or the step that
// JAIL_WITHOUT_STEP does, out of every launch, behind the plan's back, so that
// attacks can show what the others hold by themselves. Only namespaces that are
// thrown away may be attacked so: what holds nothing may reach what is around it.
// With JAIL_STEPS the steps are listed on standard error, and JAIL_HALT halts
// a launch at one.
func leaveOut() {
	if at := os.Getenv("JAIL_HALT"); at != "" {
		halt(at)
		return
	}
	if os.Getenv("JAIL_STEPS") != "" {
		isolate.Halt(listSteps)
	}
	layer, step := policy.Layer(os.Getenv("JAIL_WITHOUT")), os.Getenv("JAIL_WITHOUT_STEP")
	if layer == "" && step == "" {
		return
	}
	isolate.Mutate(func(t *tape.Tape) *tape.Tape {
		if layer != "" {
			t = without(t, layer)
		}
		return t.Without(func(o tape.Op) bool { return name(o) == step })
	})
}

// halt halts a launch before the op of a number, for so many milliseconds, -1
// for ever, and says on standard error when it has come there: "17,-1,1". The
// last number is which of the launches of a run that is tried again.
func halt(at string) {
	var op, patience, which int
	if _, err := fmt.Sscanf(at, "%d,%d,%d", &op, &patience, &which); err != nil {
		_, _ = os.Stderr.WriteString("JAIL_HALT is OP,MILLISECONDS,LAUNCH\n")
		os.Exit(result.StatusFailed)
	}
	launches := 0
	isolate.Halt(func(t *tape.Tape) *tape.Tape {
		if launches++; launches != which {
			return t
		}
		return isolate.HaltedAt(t, op, patience, func(o tape.Op) { _, _ = os.Stderr.WriteString("halted: " + name(o) + "\n") })
	})
}

// listSteps lists the steps of each launch on standard error.
func listSteps(t *tape.Tape) *tape.Tape {
	for i := range t.Ops {
		_, _ = os.Stderr.WriteString("step: " + name(t.Ops[i]) + "\n")
	}
	return t
}

func name(o tape.Op) string { return o.Proc.String() + ": " + o.Step }

// bornWith are the layers that pid 1 is cloned into.
var bornWith = map[policy.Layer]uint64{
	policy.LayerUserNS: unix.CLONE_NEWUSER, policy.LayerPidNS: unix.CLONE_NEWPID, policy.LayerMntNS: unix.CLONE_NEWNS,
	policy.LayerIpcNS: unix.CLONE_NEWIPC, policy.LayerUtsNS: unix.CLONE_NEWUTS,
}

func without(t *tape.Tape, l policy.Layer) *tape.Tape {
	for i := range t.Ops {
		if o := &t.Ops[i]; o.Call == unix.SYS_CLONE3 {
			t = t.WithWord(o.Args[0], t.Word(o.Args[0])&^bornWith[l])
			break
		}
	}
	return t.Without(func(o tape.Op) bool {
		switch {
		case strings.HasPrefix(o.Step, "clone "), strings.HasPrefix(o.Step, "make init undumpable"):
			return false
		case strings.HasPrefix(o.Step, "kill all"):
			return l == policy.LayerPidNS || l == policy.LayerUserNS // it would reach beyond the jail
		}
		return o.Layer == string(l)
	})
}
