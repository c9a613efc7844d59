package isolate

import (
	"os"

	"github.com/jailrun/jail/audit"
	"github.com/jailrun/jail/isolate/notify"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// tellOf puts an event into the audit.
func (r *run) tellOf(pid, inner int, d audit.Detail) {
	e := audit.Event{Jail: r.id, PID: pid, InnerPID: inner, Detail: d}
	if len(r.cmd.Args) > 0 {
		e.Program = r.cmd.Args[0]
	}
	if r.policy != nil {
		e.Policy = r.policyDigest()
	}
	r.cmd.Audit.Emit(e)
}

// policyDigest is of the policy in force.
func (r *run) policyDigest() string {
	if r.digest == "" {
		r.digest = r.policy.Digest()
	}
	return r.digest
}

func (r *run) tellLaunch() {
	if r.cmd.Audit != nil {
		r.tellOf(os.Getpid(), 0, &audit.Launch{Argv: r.cmd.Args, UID: os.Getuid(), Tenant: r.cmd.Tenant, Labels: r.cmd.Labels})
	}
}

// innerTarget is the pid of the target as it counts itself: pid 1 forks but once.
const innerTarget = 2

func (r *run) tellExec() {
	if r.cmd.Audit == nil {
		return
	}
	var e result.Enforced
	r.enforced(&e)
	d := &audit.Exec{File: r.cmd.Args[0]}
	for _, l := range policy.AllLayers() {
		if e.At(l.Name).State == result.StateEnforced {
			d.Enforced = append(d.Enforced, string(l.Name))
		}
	}
	inner := 0
	if r.facts.Has(policy.LayerPidNS) {
		inner = innerTarget
	}
	r.tellOf(r.initPID, inner, d)
}

// tellRefused is called for the first of like calls.
func (r *run) tellRefused(d notify.Denial) {
	r.tellInside(&d)
	if r.cmd.Audit != nil {
		r.tellDenial(d)
	}
}

// tellDenial tells of the first of like calls; tellVerdict of how many they were.
func (r *run) tellDenial(d notify.Denial) { r.tellOf(d.PID, 0, auditDenial(&d)) }

func auditDenial(d *notify.Denial) *audit.Denial {
	return &audit.Denial{
		Layer: d.Layer, Syscall: d.Syscall, Object: d.Object, Args: d.Args[:], Errno: d.Errno, Count: d.Count,
		Rule: d.Rule, Fix: d.Fix, FirstNS: d.FirstNS, LastNS: d.LastNS,
	}
}

// tellKill tells that we end the jail, and by which limit.
func (r *run) tellKill(c result.Cause) {
	if r.cmd.Audit == nil {
		return
	}
	if l := r.limitOf(c); l != nil {
		r.tellOf(r.initPID, 0, l)
	}
	r.tellOf(r.initPID, 0, &audit.Kill{Cause: string(c)})
}

// limitOf is the limit that a cause is about; nil where it is about none.
func (r *run) limitOf(c result.Cause) *audit.Limit {
	l := result.LimitsOf(r.policy.Limits)
	for _, row := range [...]struct {
		cause        result.Cause
		name         string
		bound, value *int64
	}{
		{result.CauseCPU, "cpu", l.CPUNS, r.ev.CPUNS},
		{result.CauseWall, "wall", l.WallNS, r.ev.WallNS},
		{result.CauseIdle, "idle", l.IdleNS, nil},
		{result.CauseMemory, "memory", l.MemoryBytes, nil},
		{result.CauseOutput, "output", l.OutputBytes, nil},
		{result.CausePids, "pids", l.Pids, l.Pids},
		{result.CauseDisk, "disk", l.DiskBytes, nil},
	} {
		if row.cause == c {
			return &audit.Limit{Name: row.name, Limit: orZero(row.bound), Value: orZero(row.value)}
		}
	}
	return nil
}

func orZero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// tellVerdict tells how the run ended, and of each denial how often it was repeated.
func (r *run) tellVerdict(res *result.Result) {
	if r.cmd.Audit == nil {
		return
	}
	if r.listener != nil {
		for _, d := range r.listener.Denials() {
			if d.Count--; d.Count > 0 { // the first has a line of its own
				r.tellDenial(d)
			}
		}
	}
	if res.Reason == result.Memory && r.ev.Killed == "" {
		r.tellOf(0, 0, &audit.Limit{Name: "memory", Limit: orZero(res.Limits.MemoryBytes), Value: orZero(res.Usage.MemoryPeakBytes)})
	}
	r.tellOf(0, 0, &audit.Verdict{Reason: string(res.Reason), ExitCode: res.ExitCode, Signal: res.Signal})
}

// tellAttempt tells how a launch ended that is begun anew with less.
func (r *run) tellAttempt() {
	if r.cmd.Audit != nil {
		r.tellOf(0, 0, &audit.Verdict{Reason: string(result.SetupFailed)})
	}
}

// tellCleanup tells that the run's group is gone, or why it is not.
func (r *run) tellCleanup(err error) {
	if r.cmd.Audit == nil {
		return
	}
	d := &audit.Cleanup{Removed: []string{"cgroup"}}
	if err != nil {
		d = &audit.Cleanup{Error: err.Error()}
	}
	r.tellOf(0, 0, d)
}
