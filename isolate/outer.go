package isolate

import (
	"errors"
	"strconv"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/policy"
)

// ErrUnreachable tells that a limit was asked for which a group above the jail's
// would never let it meet.
var ErrUnreachable = errors.New("a group above holds less")

// fitOuter holds the limits to those of the groups above, and of the group of
// jails. One that was asked for and can't be met is an error. A default is lowered
// to what our own group has, so that it is the jail that meets it, and not who
// started it; the way further up is not gone for it, which each launch would pay
// for.
func (r *run) fitOuter(asked *policy.Limits) error {
	h := r.machine.groups
	if h == nil {
		return nil
	}
	l, set := &r.policy.Limits, r.policy.Group
	if b, ok := above(h, "memory", set, asked.Memory > 0); ok && int64(l.Memory) > b.Value {
		if asked.Memory > 0 {
			return reachable(l, b)
		}
		l.Memory = size.Bytes(b.Value)
	}
	if b, ok := above(h, "pids", set, asked.Pids > 0); ok && l.Pids > b.Value {
		if asked.Pids > 0 {
			return reachable(l, b)
		}
		l.Pids = b.Value
	}
	if asked.CPUMax <= 0 {
		return nil
	}
	b, _ := above(h, "cpu", set, true)
	return reachable(l, b)
}

// above gives the least limit of the groups around: all of them, or our own alone,
// and those of the group of jails.
func above(h *cgroup.Host, controller, set string, all bool) (cgroup.Bound, bool) {
	look := h.Own
	if all {
		look = h.Outer
	}
	b, found := look(controller)
	if set == "" {
		return b, found
	}
	if in, ok := h.OfSet(set, controller); ok && (!found || in.Value < b.Value) {
		return in, true
	}
	return b, found
}

// reachable refuses a limit above that of a group around.
func reachable(l *policy.Limits, b cgroup.Bound) error {
	name, asked, most := "", "", ""
	switch {
	case b.Controller == "memory" && int64(l.Memory) > b.Value:
		name, asked, most = "memory", l.Memory.String(), size.Bytes(b.Value).String()
	case b.Controller == "pids" && l.Pids > b.Value:
		name, asked, most = "pids", strconv.FormatInt(l.Pids, 10), strconv.FormatInt(b.Value, 10)
	case b.Controller == "cpu" && int64(l.CPUMax) > b.Value*10: // hundredths of a per cent, and thousandths of a core
		name, asked, most = "cpu-max", l.CPUMax.String(), policy.Percent(b.Value*10).String()
	default:
		return nil
	}
	return &LaunchError{Op: "limit " + name + " to " + asked, Index: -1, Err: ErrUnreachable,
		Hint: b.Path + " is " + most + ": ask for no more (--" + name + " " + most + "), or raise that one"}
}
