package isolate

import (
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// stepHint says what to do about a failed step.
func stepHint(op *tape.Op, errno unix.Errno) string {
	l := policy.Layer(op.Layer)
	if hint := shortageHint(errno); hint != "" {
		return hint
	}
	switch {
	case refusesNamespace(&LaunchError{Step: op.Step, Err: errno}):
		return refuser(&LaunchError{Step: op.Step, Err: errno})
	case op.Step == stepMDWE:
		return "--profile wx-deny needs PR_SET_MDWE (Linux 6.3)"
	case op.Step == stepRegained:
		return "jail runs as root and has no other ids to run the program as: start it as an ordinary user, or let the outer container give it user namespaces or a range of ids"
	case op.Call == unix.SYS_CHDIR && errno == unix.EACCES:
		return "what is shown there keeps the host's permissions, which keep the jail's user out of that folder: see them with ls -ld, or show another folder; in a state a program has closed it: jail state diff lists that"
	case op.Call == unix.SYS_CHDIR:
		return "the folder must be there in the jail, and the jail's user must be allowed to enter it"
	case op.Call == unix.SYS_SECCOMP && errno == unix.EINVAL:
		return "the kernel lacks CONFIG_SECCOMP_FILTER or user notification (Linux 5.0)"
	case op.Call == unix.SYS_SECCOMP && errno == unix.EBUSY:
		return "a filter around jail has a listener already, and a process can have but one (seccomp(2)): the outer container's, or another sandbox's"
	}
	if l == policy.LayerRootfs && inTheWay(errno) {
		return "a --ro, --rw, --bind, --tmpfs or --hide is in the way of what the jail shows itself, or its target can't be made, as below a read-only folder: set another target"
	}
	if hint := filtered(op, errno); hint != "" {
		return hint + withoutLayer(l)
	}
	return `run "jail doctor"` + withoutLayer(l)
}

// inTheWay says whether an error is that of a file step whose place is taken or
// missing: nothing that the kernel lacks.
func inTheWay(errno unix.Errno) bool {
	switch errno {
	case unix.EEXIST, unix.ENOENT, unix.EINVAL, unix.EOVERFLOW, unix.ENOTDIR, unix.EISDIR, unix.ELOOP, unix.EBUSY, unix.EROFS:
		return true
	}
	return false
}

// withoutLayer names the flag that lets a launch go on without a layer's step.
// To try is to go on where a step fails for the layers named here; for the rest
// it is to go on where the host is known to lack them.
func withoutLayer(l policy.Layer) string {
	switch l {
	case policy.LayerCgroup, policy.LayerCgroupNS, policy.LayerTimeNS, policy.LayerKeyring, policy.LayerNetNS, policy.LayerUtsNS:
		return ", or go on without it: --try " + string(l)
	}
	for _, in := range policy.AllLayers() {
		if in.Name == l && in.CanOff {
			return ", or go on without it: --off " + string(l)
		}
	}
	return ""
}
