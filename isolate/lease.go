package isolate

import (
	"context"
	"errors"
	"time"

	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/watch"
	"github.com/jailrun/jail/policy"
)

// placing is on which CPUs a run's program is.
type placing struct {
	base   cores.Set // what it may use while others lease nothing
	now    cores.Set // what it was given
	lease  *cores.Lease
	member *cores.Member // of the jails without a lease
	shared bool
	waited time.Duration
	hear   []cores.Holder // of the leases that keep it off
	later  *watch.Timer
	pause  cores.Pause
}

// bound is the list that its groups are given, "" for the caller's own CPUs.
func (p *placing) bound(l *policy.Limits) string {
	if l.Cores == "" && p.now == p.base {
		return ""
	}
	return p.now.String()
}

// mask is what the program's first process is bound to, nil for nothing. What
// may become more later is left to the group, where there is one that can hold it:
// an affinity that was set stays narrow when the group grows.
func (r *run) mask() []byte {
	p := &r.cores
	switch asked := r.policy.Limits.Cores != ""; {
	case !asked && (p.now == p.base || r.cpuset()):
		return nil
	case r.cpuset():
		return p.base.Mask()
	}
	return p.now.Mask()
}

// cpuset says whether the run's groups hold it to its CPUs.
func (r *run) cpuset() bool { return r.group != nil && r.group.BindsCores() }

// place decides on which CPUs the program will run, and waits for them.
func (r *run) place() error {
	own, err := cores.Own()
	if err != nil {
		return &LaunchError{Op: "bind to cores", Index: -1, Err: err}
	}
	if n := r.policy.Limits.Lease(); n > 0 {
		return r.takeLease(n)
	}
	p := &r.cores
	p.base = own
	if list := r.policy.Limits.Cores; list != "" {
		if p.base, err = listed(list, own); err != nil {
			return err
		}
	}
	p.now = p.base
	return r.joinOthers()
}

// wouldPlace is place for a run that is not to be: it leases nothing, waits for
// nothing, and is known to nobody.
func (r *run) wouldPlace() (err error) {
	p := &r.cores
	if p.base, err = cores.Own(); err != nil {
		return r.noCores(err)
	}
	if n := r.policy.Limits.Lease(); n > 0 {
		if p.base, err = cores.Would(n); err != nil {
			return r.noCores(err)
		}
	} else if list := r.policy.Limits.Cores; list != "" {
		if p.base, err = listed(list, p.base); err != nil {
			return err
		}
	}
	p.now = p.base
	return nil
}

// takeLease waits for a lease.
func (r *run) takeLease(n int) error {
	l, err := cores.Take(r.cmd.ctx, r.request(n))
	if err != nil {
		return r.noCores(err)
	}
	p := &r.cores
	p.lease, p.base, p.now, p.waited, p.shared = l, l.CPUs, l.CPUs, l.Waited, l.Shared
	return nil
}

func (r *run) request(n int) cores.Request {
	q := cores.Request{Number: n, OnWait: r.cmd.OnWait}
	if w := r.cmd.Wake; w != nil {
		q.Wake, q.Ready = w.Fd, w.Ready
	}
	return q
}

func (r *run) noCores(err error) error {
	if r.cmd.ctx.Err() != nil {
		r.ev.Killed = result.CauseCanceled
		return &LaunchError{Op: "wait for cores", Index: -1, Err: context.Cause(r.cmd.ctx)}
	}
	var e *cores.Error
	if errors.As(err, &e) {
		return &LaunchError{Op: e.Op + " " + e.Object, Index: -1, Layer: policy.LayerRlimits, Err: e.Err, Hint: e.Hint}
	}
	return &LaunchError{Op: "lease cores", Index: -1, Err: err}
}

// coreWait is how long a launch without a lease waits where every core is leased.
const coreWait = 5 * time.Second

// joinOthers has lessees ask the run to leave their cores, and leaves at once
// those that are leased.
func (r *run) joinOthers() error {
	p := &r.cores
	m, err := cores.Join(r.id, p.base)
	if err != nil {
		return r.noCores(err)
	}
	p.member = m
	if !m.AnyLease() {
		return nil
	}
	left, _ := m.Look()
	if left.Empty() {
		if left, err = r.awaitCore(); err != nil {
			return err
		}
	}
	if p.shared = left.Empty(); !p.shared {
		p.now = left
	}
	return nil
}

// awaitCore waits for a core that is not leased, but not for long.
func (r *run) awaitCore() (left cores.Set, err error) {
	ctx, cancel := context.WithTimeout(r.cmd.ctx, coreWait)
	defer cancel()
	began := time.Now()
	left, err = r.cores.member.WaitFor(ctx, r.request(0))
	r.cores.waited = time.Since(began)
	switch {
	case r.cmd.ctx.Err() != nil:
		return left, r.noCores(err)
	case errors.Is(err, context.DeadlineExceeded):
		return cores.Set{}, nil
	case err != nil:
		return left, r.noCores(err)
	}
	return left, nil
}

// figures are what the result says of it.
func (p *placing) figures() *result.Cores {
	if p.now.Empty() {
		return nil
	}
	return &result.Cores{List: p.now.String(), Lease: p.lease != nil, WaitedNS: int64(p.waited), Shared: p.shared}
}
