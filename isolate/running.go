package isolate

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/policy"
)

// Running lists the jails that have groups, and the groups of jails
// (policy.Policy.Group), below the caller's own cgroup: other processes' too. A
// jail without a cgroup is not among them, and a caller who can have none sees none.
func Running() (jails, groups []cgroup.Running, err error) {
	h, err := cgroup.Detect()
	if err != nil {
		return nil, nil, err
	}
	defer h.Close()
	return h.List()
}

// LimitGroup makes a group of jails, where it is missing, and limits all of its
// members together, now and later. A limit that is zero stays as it is, unless it
// is "swap" and named; one that is policy.Unlimited is lifted. Without a limit of
// its own, swap is none beside the group's first limit of memory, and goes with
// that. The group stays until RemoveGroup. Its error is a *policy.Error for what is
// no limit, and a *LaunchError or *cgroup.Error for what can't hold a group.
func LimitGroup(name string, l *policy.Limits, named ...string) error {
	if err := validGroup(name, l); err != nil {
		return err
	}
	s, err := specOf(l)
	if err != nil {
		return err
	}
	if l.Memory == 0 {
		s.Memory = cgroup.Unlimited // which leaves it alone
	}
	if l.Pids == 0 {
		s.Pids = cgroup.Unlimited
	}
	bySwap := l.Swap != 0 || slices.Contains(named, "swap")
	if !bySwap {
		s.Swap = cgroup.Unlimited
	}
	var lift []string
	for _, one := range [...]struct {
		name string
		gone bool
	}{
		{"memory", l.Memory == policy.Unlimited}, {"pids", l.Pids == policy.Unlimited},
		{"swap", l.Swap == policy.Unlimited || l.Memory == policy.Unlimited && !bySwap},
		{"memory_high", l.MemoryHigh == policy.Unlimited}, {"cpu_max", l.CPUMax == policy.Unlimited},
	} {
		if one.gone {
			lift = append(lift, one.name)
		}
	}
	return withGroups(func(h *cgroup.Host) error {
		if err := fitGroup(h, name, l); err != nil {
			return err
		}
		return h.SetLimits(name, s, lift...)
	})
}

// fitGroup refuses more than the groups around have.
func fitGroup(h *cgroup.Host, name string, l *policy.Limits) error {
	in := name[:max(strings.LastIndexByte(name, '/'), 0)]
	for _, controller := range [...]string{"memory", "pids", "cpu"} {
		if b, ok := above(h, controller, in, true); ok {
			if err := reachable(l, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// validGroup refuses what a policy would be refused for, and what is a jail's alone.
func validGroup(name string, l *policy.Limits) error {
	var err error
	switch {
	case name == "":
		err = errGroupName
	case l.Cores != "":
		err = errGroupCores
	default:
		p := policy.Policy{Group: name, Limits: *l}
		if p.Limits.Memory == 0 {
			p.Limits.Memory = policy.Unlimited // and not what a jail has by default
		}
		return p.Validate()
	}
	return &LaunchError{Op: "take the group of jails " + strconv.Quote(name), Index: -1, Err: err}
}

var (
	errGroupName  = errors.New("a group of jails has a name")
	errGroupCores = errors.New("cores are given to a jail, and not to a group of jails")
)

// RemoveGroup removes a group of jails that has no member.
func RemoveGroup(name string) error {
	if err := validGroup(name, &policy.Limits{}); err != nil {
		return err
	}
	return withGroups(func(h *cgroup.Host) error { return h.RemoveSet(name) })
}

// KillGroup kills the programs of all members of a group of jails, and waits until
// they are dead. Each ends as one that was killed by a signal.
func KillGroup(name string) error {
	if err := validGroup(name, &policy.Limits{}); err != nil {
		return err
	}
	return withGroups(func(h *cgroup.Host) error { return h.KillSet(name) })
}

func withGroups(do func(*cgroup.Host) error) error {
	h, err := cgroup.Detect()
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Why(); err != nil {
		return err
	}
	return do(h)
}
