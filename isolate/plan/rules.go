package plan

import (
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// rules are the order of privileges, a function each: it says how an op
// breaks it, given what holds before, or nothing.
var rules = [...]struct {
	rule   Rule
	breach func(*verifier, *tape.Op, *effect, *state) string
}{
	{S7, (*verifier).s7who},
	{S1, (*verifier).s1},
	{S2, (*verifier).s2},
	{S3, (*verifier).s3},
	{S4, (*verifier).s4},
	{S5, (*verifier).s5},
	{S6, (*verifier).s6},
	{S7, (*verifier).s7},
}

// lacks says whether something doesn't hold on every path.
func (s *state) lacks(f fact) bool { return s.must&f != f }

// s1: nothing is changed outside of namespaces of the jail's own.
func (v *verifier) s1(o *tape.Op, e *effect, s *state) string {
	switch {
	case s.lacks(e.needs & staged):
		return "it makes something, and may do so in the host's tree"
	case s.lacks(e.needs):
		return "it changes what the jail has no namespace of its own for"
	case e.class&executes == 0:
		return ""
	}
	for i := range namespaces {
		n := &namespaces[i]
		if v.d.on(n.layer) && s.lacks(n.fact) {
			return "the program has no namespace of its own: " + string(n.layer)
		}
	}
	return ""
}

// s2: no mount reaches the host, and the host's tree is gone once it was left.
func (v *verifier) s2(o *tape.Op, e *effect, s *state) string {
	switch {
	case e.class&mounts != 0 && s.lacks(private):
		return "mounts may still propagate to the host"
	case e.class&shares != 0:
		return "what the host mounts later may be seen"
	case s.may&oldRoot != 0 && e.class&detaches == 0:
		return "the old root is still there"
	case o.Call == unix.SYS_MOUNT && o.Args[3] != unix.MS_REC|unix.MS_PRIVATE && o.Args[3]&unix.MS_NOSUID == 0:
		return "the mount lacks MS_NOSUID"
	case e.class&(executes|forksProc) != 0 && o.Proc != tape.Stage && v.d.on(policy.LayerRootfs) && v.d.on(policy.LayerMntNS) && s.lacks(detached):
		return "the host's tree is in sight"
	}
	return ""
}

// s3: of the descriptors only the three streams reach the program.
func (v *verifier) s3(o *tape.Op, e *effect, s *state) string {
	switch {
	case e.class&leaks != 0:
		return "the descriptor is not close-on-exec"
	case e.class&forksProc != 0 && s.lacks(leaksClosed):
		return "descriptors that the supervisor's parent left open are inherited"
	case e.class&executes != 0 && s.leavesOpen():
		return "descriptors are not closed on exec"
	case e.class&releases != 0 && s.lacks(initClosed):
		return "init still holds what it built the jail with"
	}
	return ""
}

// allCaps is the bounding set that has to be dropped.
func (v *verifier) allCaps() uint64 { return uint64(1)<<(v.d.Facts.LastCap+1) - 1 }

// bounded says whether a process has no capability in its bounding set but what the
// target is to have.
func (v *verifier) bounded(p tape.Proc, s *state) bool {
	all := v.allCaps()
	if p == tape.Target {
		all &^= v.d.Keeps
	}
	return s.dropped&all == all
}

// changesIDs says whether there is another id than the one that a process has
// from birth.
func (d *Demands) changesIDs() bool { return d.Facts.Root || !d.on(policy.LayerUserNS) }

// unlocked says whether securebits or the ambient set, which is empty from the
// outset in a user namespace of one's own, don't stand.
func (s *state) unlocked() bool { return s.lacks(securebits) || s.lacks(ambient) && s.lacks(hasUser) }

// s4: bounding set, securebits and ambient set need CAP_SETPCAP; groups, gid
// and uid need what the uid takes; then the capabilities go, and the way back
// is tried.
func (v *verifier) s4(o *tape.Op, e *effect, s *state) string {
	if o.Proc != tape.Target {
		return ""
	}
	caps := v.d.on(policy.LayerCapabilities)
	switch {
	case e.class&changesID != 0 && caps && (!v.bounded(o.Proc, s) || s.unlocked()):
		return "ids change while bounding set, securebits and ambient set don't stand"
	case e.gains&gid != 0 && v.d.Facts.Root && s.lacks(groups):
		return "the gid changes before the supplementary groups are dropped"
	case e.gains&uid != 0 && s.lacks(gid):
		return "the uid changes before the gid"
	case o.Call == unix.SYS_CAPSET && v.d.changesIDs() && s.lacks(uid):
		return "capabilities go before the uid"
	case o.Call == unix.SYS_CAPSET && e.gains&noCaps == 0:
		return "it sets capabilities"
	case e.onFailure&noReturn != 0 && caps && s.lacks(noCaps):
		return "it proves nothing while there are capabilities"
	case e.class&executes != 0:
		return v.keepsPrivilege(s, caps)
	}
	return ""
}

// keepsPrivilege says what the program would have that it must not.
func (v *verifier) keepsPrivilege(s *state, caps bool) string {
	switch {
	case caps && !v.bounded(tape.Target, s):
		return "the bounding set isn't empty"
	case caps && (s.unlocked() || s.lacks(noCaps)):
		return "capabilities are left, or can be regained"
	case v.d.changesIDs() && s.lacks(gid|uid) || v.d.Facts.Root && s.lacks(groups):
		return "the program doesn't run under its own ids alone"
	case s.lacks(noReturn) && v.d.User != policy.UserRoot:
		return "nobody has tried to become root again"
	}
	return ""
}

// s5: walls that bind the process itself come last, and in order.
func (v *verifier) s5(o *tape.Op, e *effect, s *state) string {
	switch {
	case e.class&restricts != 0 && s.lacks(noNewPrivs):
		return "no_new_privs isn't set"
	case e.gains&landlocked != 0 && s.may&filtered != 0:
		return "seccomp comes before Landlock"
	case s.may&landlocked != 0 && e.class&opens != 0 && !v.probes(o):
		return "a path is opened behind Landlock"
	case o.Proc == tape.Target && s.may&filtered != 0 && !handsOver(o):
		return "it follows the filter, which is the last step but the hand-over and exec"
	case e.class&executes == 0:
		return ""
	case v.d.on(policy.LayerNoNewPrivs) && s.lacks(noNewPrivs):
		return "no_new_privs isn't set"
	case v.d.on(policy.LayerLandlock) && v.d.Facts.Landlock > 0 && s.lacks(landlocked):
		return "Landlock isn't in force"
	case v.d.on(policy.LayerSeccomp) && s.lacks(filtered):
		return "no filter is in force"
	}
	return ""
}

// probes knows the one open that is made to be refused.
func (v *verifier) probes(o *tape.Op) bool {
	return o.Call == unix.SYS_OPENAT && o.Neg == tape.Next && o.Args[2] == unix.O_RDONLY|unix.O_CLOEXEC && v.says(o.Args[1], probeName)
}

// handsOver knows what may follow the filter.
func handsOver(o *tape.Op) bool {
	switch o.Call {
	case unix.SYS_PRCTL:
		return o.Args[0] == unix.PR_GET_SECCOMP
	case unix.SYS_SENDMSG, unix.SYS_WRITE, unix.SYS_READ:
		return o.Load&1 == 0 && o.Args[0] == FdTarget
	case unix.SYS_CLOSE, unix.SYS_EXECVE, unix.SYS_FACCESSAT:
		return true
	}
	return false
}

// s6: the target, and nobody else, joins the groups while it has the right.
func (v *verifier) s6(o *tape.Op, e *effect, s *state) string {
	all := s.joined == uint8(v.d.Groups)
	switch {
	case e.joins > 0 && o.Proc != tape.Target:
		return "only the target belongs into the groups"
	case e.joins > 0 && s.may&(hasCgroup|gid|uid|noCaps) != 0:
		return "groups are joined after the namespace was made or the right was lost"
	case e.gains&hasCgroup != 0 && (o.Proc != tape.Target || !all):
		return "the cgroup namespace is made before all groups are joined"
	case e.gains&hasCgroup != 0 && s.may&(securebits|gid|uid|noCaps) != 0:
		return "the cgroup namespace is made after the right was lost"
	case e.class&executes == 0:
		return ""
	case v.d.on(policy.LayerCgroup) && !all:
		return "not all groups are joined"
	case v.d.on(policy.LayerCgroupNS) && s.lacks(hasCgroup):
		return "the program has no namespace of its own: cgroup_ns"
	}
	return ""
}

// s7who: untrusted code begins in the target alone.
func (v *verifier) s7who(o *tape.Op, e *effect, _ *state) string {
	if o.Proc != tape.Target && e.class&executes != 0 {
		return "only the target executes"
	}
	return ""
}

// s7: no untrusted byte runs before init has nothing more than the target, and
// init then only waits.
func (v *verifier) s7(o *tape.Op, e *effect, s *state) string {
	switch {
	case e.class&executes != 0 && s.lacks(gated):
		return "the program doesn't wait for init"
	case e.class&forksProc != 0 && o.Proc == tape.Init && s.lacks(orphanDies|undumpable):
		return "init would outlive its supervisor, or can be looked into"
	case e.class&executes != 0 && s.lacks(orphanDies):
		return "the program would outlive init"
	case e.class&releases != 0:
		return v.heldBack(o, s)
	case o.Proc == tape.Init && s.may&released != 0 && !idles(o):
		return "init does more than wait once the target runs"
	case o.Proc == tape.Stage && s.may&hasForked != 0 && !v.ofNetwork(o):
		return "the stage does more than hand over init and its network"
	}
	return ""
}

// ofNetwork knows the calls by which the stage makes init's network namespace.
func (v *verifier) ofNetwork(o *tape.Op) bool {
	switch o.Call {
	case unix.SYS_SENDMSG, unix.SYS_SETNS, unix.SYS_UNSHARE, unix.SYS_SOCKET, unix.SYS_IOCTL:
		return true
	case unix.SYS_WRITE, unix.SYS_CLOSE: // of what may be opened
		return true
	case unix.SYS_OPENAT:
		return v.opensNetwork(o) || o.Args[2]&(unix.O_CREAT|unix.O_WRONLY|unix.O_RDWR) == 0
	}
	return false
}

// heldBack says what init still has when it lets the target go.
func (v *verifier) heldBack(o *tape.Op, s *state) string {
	switch {
	case o.Proc != tape.Init:
		return "only init lets the target go"
	case v.d.on(policy.LayerCapabilities) && (!v.bounded(tape.Init, s) || s.lacks(noCaps)):
		return "init still has capabilities"
	case v.d.on(policy.LayerNoNewPrivs) && s.lacks(noNewPrivs):
		return "init lacks no_new_privs"
	case v.d.on(policy.LayerSeccomp) && v.d.Filters && s.lacks(filtered):
		return "init lacks its filter"
	}
	return ""
}

// idles knows what init does all its life.
func idles(o *tape.Op) bool {
	switch o.Call {
	case unix.SYS_PPOLL, unix.SYS_READ, unix.SYS_WAIT4, unix.SYS_FUTEX, unix.SYS_CLOCK_GETTIME, unix.SYS_KILL:
		return true
	case unix.SYS_WRITE:
		return o.Load&1 == 0 && o.Args[0] == FdCtl
	}
	return false
}
