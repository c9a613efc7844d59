package meter

import (
	"bytes"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// grant is what a run may use of its tenant's budget. Without one it is zero.
type grant struct {
	row       *allowance // nil: no budget
	cpu, wall time.Duration
	lowered   [resources]bool // the limit is what the budget left, not what was asked for
	reserved  spending
}

// reserve sets aside what the run may use, of what neither ended runs have used
// nor running ones have set aside.
func (r *Run) reserve(o *Options, alive []place) error {
	row := o.Budgets.find(o.Tenant)
	if row == nil {
		return &Error{Object: o.Budgets.file, Key: "tenant", Value: o.Tenant, Err: ErrNoBudget, Hint: "give it a table [tenant.NAME], or all that have none a table [default]"}
	}
	when := allDays
	if row.daily {
		when = r.record.Start.UTC().Format(time.DateOnly)
	}
	used, err := r.ledger.spent(o.Tenant, when, o.Follow)
	if err != nil {
		return err
	}
	d := draw{allowance: row, tenant: o.Tenant, used: used, aside: setAside(o.Tenant, when, alive)}
	r.grant, err = d.grant(&o.Limits)
	return err
}

// setAside sums up what runs that are alive have reserved.
func setAside(tenant, when string, alive []place) (s spending) {
	var e entry
	for i := range alive {
		b := &alive[i].begun
		if e.parse(bytes.TrimSuffix(b.line, []byte("\n"))) == nil && string(e.tenant) == tenant && (when == allDays || string(e.day()) == when) {
			s.add(&b.reserved)
		}
	}
	return s
}

// draw is one draw on a budget.
type draw struct {
	*allowance
	tenant      string
	used, aside spending
}

// grant bounds a run by what is left of each resource.
func (d *draw) grant(l *policy.Limits) (grant, error) {
	g := grant{row: d.allowance, cpu: l.CPU, wall: l.Wall, reserved: spending{runs: {1}}}
	for i := range resources {
		if d.has[i] && d.left(i).isZero() {
			return grant{}, d.spent(i)
		}
	}
	if d.has[cpu] {
		g.cpu, g.lowered[cpu] = lower(g.cpu, d.left(cpu).int64())
	}
	if d.has[wall] {
		g.wall, g.lowered[wall] = lower(g.wall, d.left(wall).int64())
	}
	if d.has[memory] {
		if err := d.memory(&g, int64(l.Memory)); err != nil {
			return grant{}, err
		}
	}
	g.reserved[cpu], g.reserved[wall] = bounded(g.cpu), bounded(g.wall)
	return g, nil
}

// memory is paid for as if all of its limit were used for the whole time on the
// clock, so what is left of it bounds that time.
func (d *draw) memory(g *grant, limit int64) error {
	if limit <= 0 {
		return &Error{Object: d.file, Key: "memory of the run", Err: ErrUnbounded, Hint: "what a budget of memory leaves can't be told then: give --memory"}
	}
	time := d.left(memory).over(uint64(limit))
	if time == 0 {
		return d.spent(memory)
	}
	if g.wall, g.lowered[memory] = lower(g.wall, time); g.lowered[memory] {
		g.lowered[wall] = false
	}
	g.reserved[memory] = times(uint64(limit), uint64(g.wall))
	return nil
}

func (d *draw) left(i resource) sum {
	return d.amount[i].less(d.used[i]).less(d.aside[i])
}

// lower gives the least of a limit, if it is one, and of what is left.
func lower(limit time.Duration, left int64) (time.Duration, bool) {
	if limit > 0 && int64(limit) <= left {
		return limit, false
	}
	return time.Duration(left), true
}

// bounded is what a limit reserves: nothing if it is none.
func bounded(limit time.Duration) sum {
	return sum{uint64(max(limit, 0))}
}

// ended names the resource whose budget ended a run, or resources.
func (g *grant) ended(why result.Reason) resource {
	switch {
	case why == result.CPULimit && g.lowered[cpu]:
		return cpu
	case why == result.WallLimit && g.lowered[wall]:
		return wall
	case why == result.WallLimit && g.lowered[memory]:
		return memory
	}
	return resources
}

// SpentError says which budget of a tenant's is used up.
type SpentError struct {
	File     string // of the budgets
	Tenant   string
	Resource string // "runs", "cpu", "wall" or "memory"
	Budget   string // as it stands in the file, with its period: "100s a day"
	Used     string // by runs that have ended
	Aside    string // set aside for runs that are going on
	Hint     string // when there is more
}

// Error reads `budget.toml: tenant "alice": the budget of cpu is spent: …`.
func (e *SpentError) Error() string {
	return e.File + ": tenant " + quote(e.Tenant) + ": " + ErrSpent.Error() + ": of " + e.Resource + " it has " + e.Budget +
		", has used " + e.Used + ", and " + e.Aside + " is set aside for what it runs now: " + e.Hint
}

// Unwrap gives ErrSpent.
func (e *SpentError) Unwrap() error { return ErrSpent }

func (d *draw) spent(i resource) error {
	hint := "raise it in the file"
	if d.daily {
		hint = "it begins anew at 00:00 UTC, or raise it in the file"
	}
	return &SpentError{Hint: hint,
		File: d.file, Tenant: d.tenant, Resource: resourceNames[i], Budget: d.words(i),
		Used: inWords(i, d.used[i]), Aside: inWords(i, d.aside[i]),
	}
}
