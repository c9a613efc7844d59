package cgroup

import (
	"os"

	"golang.org/x/sys/unix"
)

// delegateHint says how this process gets a v2 group that is its own to arrange.
func delegateHint() string {
	switch {
	case !systemdRuns():
		return "no systemd runs here that could give a group of one's own: start it as root, or in one that root has made and given away, with its cgroup.procs and cgroup.subtree_control (cgroup-v2.rst, Delegation)"
	case os.Geteuid() == 0:
		return `start it in a group of its own: "systemd-run --scope -p Delegate=yes jail …"`
	}
	return `start it in a group of its own: "jail doctor --delegate -- jail …", or "systemd-run --user --scope -p Delegate=yes jail …"`
}

// hintDelegateV1: a v1 group that an ordinary user may write to is not safe to
// give, so nobody does (systemd.io/CGROUP_DELEGATION).
const hintDelegateV1 = "on cgroup v1 nobody gives groups to an ordinary user, systemd neither, for it would not be safe: boot with systemd.unified_cgroup_hierarchy=1 for cgroup v2, or start it as root"

// notGiven says it of a tree, for an error that tells that it is another's.
func (t *tree) notGiven(err error) error {
	e, ok := err.(*Error)
	if ok && (e.Err == unix.EACCES || e.Err == unix.EPERM) && t.version == 1 && os.Geteuid() != 0 {
		e.Hint = hintDelegateV1
	}
	return err
}

// systemdRuns is sd_booted(3).
func systemdRuns() bool {
	var st unix.Stat_t
	return unix.Stat("/run/systemd/system", &st) == nil
}
