package isolate

import (
	"errors"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/policy"
)

// Running lists the jails that have groups, and the groups of jails
// (policy.Policy.Group), below the caller's own cgroup: other processes' too. A
// jail without a cgroup is not among them.
func Running() (jails, groups []cgroup.Running, err error) {
	err = withGroups(func(h *cgroup.Host) error {
		jails, groups, err = h.List()
		return err
	})
	return jails, groups, err
}

// LimitGroup makes a group of jails, where it is missing, and limits all of its
// members together, now and later. A limit that is zero stays as it is, one that
// is policy.Unlimited is lifted. The group stays until RemoveGroup.
func LimitGroup(name string, l *policy.Limits) error {
	if l.Lease() > 0 {
		return &LaunchError{Op: "limit the group " + name, Index: -1, Err: errGroupLease, Hint: "list the CPUs, as 0-1, or 2-2 for CPU 2 alone"}
	}
	s, err := specOf(l)
	if err != nil {
		return err
	}
	var lift []string
	for _, one := range [...]struct {
		name  string
		value *int64
		said  int64
	}{
		{"memory", &s.Memory, int64(l.Memory)}, {"pids", &s.Pids, l.Pids}, {"swap", &s.Swap, int64(l.Swap)},
		{"memory_high", &s.MemoryHigh, int64(l.MemoryHigh)}, {"cpu_max", &s.CPUMax, int64(l.CPUMax)},
	} {
		if one.said == policy.Unlimited {
			lift = append(lift, one.name)
		}
		if one.said == 0 && (one.name == "memory" || one.name == "pids") {
			*one.value = cgroup.Unlimited // which leaves it alone
		}
	}
	return withGroups(func(h *cgroup.Host) error { return h.SetLimits(name, s, lift...) })
}

var errGroupLease = errors.New("cores are leased to a jail, and not to a group of jails")

// RemoveGroup removes a group of jails that has no member.
func RemoveGroup(name string) error {
	return withGroups(func(h *cgroup.Host) error { return h.RemoveSet(name) })
}

// KillGroup kills all members of a group of jails at once.
func KillGroup(name string) error {
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
