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

// What a build of the tag jailtest does to every launch, behind the plan's back,
// so that tests can show what each part of it is good for. Only namespaces that
// are thrown away may be attacked so: what holds nothing may reach what is around
// it. The environment says what is done:
//
//	JAIL_WITHOUT=LAYER        a layer is left out
//	JAIL_LACKS=LAYERS         the launch is planned for a host that lacks some layers
//	JAIL_WITHOUT_STEP=STEPS   steps are left out, one a line
//	JAIL_BORN_WITHOUT=LAYER   pid 1 is not born into a layer's namespace; the rest is done
//	JAIL_AT=DEED STEP         another thing is done in a step's place, one a line: see deeds
//	JAIL_STEPS=1              the steps are listed on standard error
//	JAIL_HALT=OP,MS,LAUNCH    a launch is halted at a step: see halt

// leaveOut has all launches changed as the environment says.
func leaveOut() {
	if at := os.Getenv("JAIL_HALT"); at != "" {
		halt(at)
		return
	}
	if list := strings.Fields(os.Getenv("JAIL_LACKS")); len(list) > 0 {
		var layers []policy.Layer
		for _, l := range list {
			layers = append(layers, policy.Layer(l))
		}
		isolate.Lack(layers...)
	}
	if os.Getenv("JAIL_STEPS") != "" {
		isolate.Halt(listSteps)
	}
	layer, born := policy.Layer(os.Getenv("JAIL_WITHOUT")), policy.Layer(os.Getenv("JAIL_BORN_WITHOUT"))
	steps, at := lines("JAIL_WITHOUT_STEP"), lines("JAIL_AT")
	if layer == "" && born == "" && len(steps) == 0 && len(at) == 0 {
		return
	}
	isolate.Mutate(func(t *tape.Tape) *tape.Tape {
		t = bornWithout(t, bornWith[layer]|bornWith[born])
		if layer != "" {
			t = without(t, layer)
		}
		return withoutSteps(withDeeds(t, at), steps)
	})
}

func withoutSteps(t *tape.Tape, steps []string) *tape.Tape {
	for _, step := range steps {
		t = inPlaceOf(t, step, nothing)
	}
	return t
}

func lines(variable string) []string {
	return strings.FieldsFunc(os.Getenv(variable), func(r rune) bool { return r == '\n' })
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

// name is that of a step, whatever program it is about.
func name(o tape.Op) string {
	if o.Call == unix.SYS_EXECVE {
		return o.Proc.String() + ": execve"
	}
	return o.Proc.String() + ": " + o.Step
}

// bornWith are the layers that pid 1 is cloned into.
var bornWith = map[policy.Layer]uint64{
	policy.LayerUserNS: unix.CLONE_NEWUSER, policy.LayerPidNS: unix.CLONE_NEWPID, policy.LayerMntNS: unix.CLONE_NEWNS,
	policy.LayerIpcNS: unix.CLONE_NEWIPC, policy.LayerUtsNS: unix.CLONE_NEWUTS,
}

func bornWithout(t *tape.Tape, flags uint64) *tape.Tape {
	for i := range t.Ops {
		if o := &t.Ops[i]; o.Call == unix.SYS_CLONE3 {
			return t.WithWord(o.Args[0], t.Word(o.Args[0])&^flags)
		}
	}
	return t
}

func without(t *tape.Tape, l policy.Layer) *tape.Tape {
	return t.Without(func(o tape.Op) bool {
		// without a clone there is no jail, and the other only stands among the layer's steps
		kept := strings.HasPrefix(o.Step, "clone ") || strings.HasPrefix(o.Step, "make init undumpable")
		return o.Layer == string(l) && !kept
	})
}
