package plan

import (
	"strconv"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// Rule names what a tape must keep to.
type Rule string

// The rules. S1 to S7 are about the order of privileges; the others are what
// the player takes for granted.
const (
	S1 Rule = "S1" // nothing is changed before the namespaces exist
	S2 Rule = "S2" // propagation is private before the first mount; the old root is detached at once
	S3 Rule = "S3" // no inherited descriptor reaches the program
	S4 Rule = "S4" // each privilege is given up while what that takes is there, and none can be regained
	S5 Rule = "S5" // no_new_privs, Landlock, seccomp, in this order, and nothing after that needs more
	S6 Rule = "S6" // the target joins its groups, then takes its cgroup namespace, while it still may
	S7 Rule = "S7" // nothing that the program lacks is held by anybody once it runs

	RuleCall    Rule = "call"    // every call is one that is known
	RulePointer Rule = "pointer" // every address is of the image's own memory
	RuleBranch  Rule = "branch"  // every branch leads to an op, of the same process but for clone
	RuleReach   Rule = "reach"   // every op can be reached
	RuleLoop    Rule = "loop"    // every loop waits, or uses something up
)

// VerifyError says which op of a tape breaks which rule.
type VerifyError struct {
	Rule  Rule
	Index int // of the op
	Step  string
	Why   string
}

func (e *VerifyError) Error() string {
	return "the plan is unsafe: op " + strconv.Itoa(e.Index) + " (" + e.Step + ") breaks rule " + string(e.Rule) + ": " + e.Why
}

// Demands say which walls a tape has to build. A wall that the policy has off,
// or the host can't give, excuses the steps that build it and no others: the
// order of all that is on the tape is checked whatever they say.
type Demands struct {
	Layers  policy.Layers // resolved; of some layers at try a failed step counts as taken, see triedFacts
	Facts   *host.Facts
	Groups  int  // control groups that the target joins
	Filters bool // init has a filter of its own
	User    policy.User
	Keeps   uint64 // capabilities that the program is to have inside
}

func demandsOf(in *Input) Demands {
	return Demands{Layers: in.Policy.Layers, Facts: in.Facts, Groups: in.Procs, Filters: len(in.InitFilter) > 0, User: in.Policy.User, Keeps: in.Keeps()}
}

func (d *Demands) on(l policy.Layer) bool {
	return d.Layers.Level(l) != policy.Off && d.Facts.Has(l)
}

// Verify checks the plan against what it was compiled for. It is pure, and its
// error is a *VerifyError.
func (p *Plan) Verify() error { return Verify(p.Tape, p.demands) }

// Verify checks any tape: no matter who made it, one that passes has no
// unsafe order, no stray pointer and no branch to what is no op.
func Verify(t *tape.Tape, d Demands) error {
	v := &verifier{t: t, d: d, tried: triedFacts(&d)}
	if err := v.memory(); err != nil {
		return err
	}
	if err := v.branches(); err != nil {
		return err
	}
	v.flow()
	if err := v.reach(); err != nil {
		return err
	}
	return v.order()
}

// verifier holds what one verification knows.
type verifier struct {
	t     *tape.Tape
	d     Demands
	tried fact    // facts of layers at try
	in    []state // what holds before each op
	gate  tape.Addr

	firstFree uint64 // descriptors from it on are closed by the stage
	now       effect
}

func (v *verifier) fault(r Rule, i int, why string) error {
	return &VerifyError{Rule: r, Index: i, Step: v.t.Ops[i].Step, Why: why}
}

// Outcomes of a call.
const (
	negative = iota
	zero
	positive
)

// outcomes says which branches a call can take: exit never comes back, execve
// only when it has failed.
func outcomes(o *tape.Op) (first, last int) {
	switch o.Call {
	case unix.SYS_EXIT_GROUP, unix.SYS_EXIT:
		return zero, negative
	case unix.SYS_EXECVE:
		return negative, negative
	}
	return negative, positive
}

func branch(o *tape.Op, outcome int) tape.Label {
	switch outcome {
	case negative:
		return o.Neg
	case zero:
		return o.Zero
	}
	return o.Pos
}

// branches checks that each leads to an op, and into another process only
// where that is born.
func (v *verifier) branches() error {
	for i := range v.t.Ops {
		o := &v.t.Ops[i]
		first, last := outcomes(o)
		for k := first; k <= last; k++ {
			to := v.t.Target(i, branch(o, k))
			if to < 0 || to >= len(v.t.Ops) {
				return v.fault(RuleBranch, i, "a branch leads to "+strconv.Itoa(to)+", which is no op")
			}
			if p := v.t.Ops[to].Proc; p != o.Proc && !(k == zero && forks(o) && p == o.Proc+1) {
				return v.fault(RuleBranch, i, "a branch leads to an op of "+p.String())
			}
			if to <= i && !v.loops(o, k, &v.t.Ops[to]) {
				return v.fault(RuleLoop, i, "a branch leads back to op "+strconv.Itoa(to)+" and neither waits nor uses anything up")
			}
		}
	}
	return nil
}

func forks(o *tape.Op) bool { return o.Call == unix.SYS_CLONE || o.Call == unix.SYS_CLONE3 }

// loops says whether a branch back can't spin: it comes from a call that has
// used something up, or leads to one that does or that waits.
func (v *verifier) loops(from *tape.Op, outcome int, to *tape.Op) bool {
	switch from.Call {
	case unix.SYS_READ, unix.SYS_SENDFILE:
		return outcome == positive
	}
	return waits(to)
}

func waits(o *tape.Op) bool {
	return o.Call == unix.SYS_PPOLL && o.Args[2] == forever || o.Call == unix.SYS_WAIT4
}

func (v *verifier) reach() error {
	for i := range v.in {
		if !v.in[i].reached {
			return v.fault(RuleReach, i, "no path leads to it")
		}
	}
	return nil
}

// order checks each op against the rules, with what holds before it.
func (v *verifier) order() error {
	for i := range v.t.Ops {
		o, s := &v.t.Ops[i], &v.in[i]
		if reports(o) {
			continue
		}
		e := v.effect(o, s)
		for _, r := range rules {
			if why := r.breach(v, o, e, s); why != "" {
				return v.fault(r.rule, i, why)
			}
		}
	}
	return nil
}

// reports says whether an op belongs to every error path: it tells the
// supervisor why, or ends the process.
func reports(o *tape.Op) bool {
	return o.Call == unix.SYS_EXIT_GROUP ||
		o.Call == unix.SYS_WRITE && o.Load == 0 && o.Args[1] == uint64(tape.ErrTag) && o.Args[2] == 24 && (o.Args[0] == FdCtl || o.Args[0] == FdTarget)
}
