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

// fitOuter holds the limits to those of the groups above. One that was asked for
// and can't be met is an error. A default is lowered to what our own group has, so
// that it is the jail that meets it, and not who started it; the way further up is
// not gone for it, which each launch would pay for.
func (r *run) fitOuter(asked *policy.Limits) error {
	if r.machine.groups == nil {
		return nil
	}
	l := &r.policy.Limits
	if b, ok := r.above("memory", asked.Memory > 0); ok && int64(l.Memory) > b.Value {
		if asked.Memory > 0 {
			return unreachable("memory", l.Memory.String(), size.Bytes(b.Value).String(), b)
		}
		l.Memory = size.Bytes(b.Value)
	}
	if b, ok := r.above("pids", asked.Pids > 0); ok && l.Pids > b.Value {
		if asked.Pids > 0 {
			return unreachable("pids", strconv.FormatInt(l.Pids, 10), strconv.FormatInt(b.Value, 10), b)
		}
		l.Pids = b.Value
	}
	return nil
}

func (r *run) above(controller string, asked bool) (cgroup.Bound, bool) {
	if asked {
		return r.machine.groups.Outer(controller)
	}
	return r.machine.groups.Own(controller)
}

func unreachable(limit, asked, most string, b cgroup.Bound) error {
	return &LaunchError{Op: "limit " + limit + " to " + asked, Index: -1, Err: ErrUnreachable,
		Hint: b.Path + " is " + most + ": ask for no more (--" + limit + " " + most + "), or raise that one"}
}
