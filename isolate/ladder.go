package isolate

import (
	"cmp"
	"errors"
	"strings"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// The ladder of what a host gives: namespaces by a user namespace of the run's
// own; namespaces by CAP_SYS_ADMIN; none, where Landlock, seccomp and limits
// must do. A rung down is taken only where the policy says try.

// forbidden says whether a launch failed because user namespaces are forbidden,
// and the policy lets it go on without.
func (r *run) forbidden(err error) bool {
	var le *LaunchError
	if !errors.As(err, &le) || r.facts == nil || !r.facts.UserNS || !refusesNamespace(le) {
		return false
	}
	if r.mayClimb() {
		return true
	}
	le.Hint = refuser(le) + "; to go on without:" + tryFlags(r.facts, r.policy)
	return false
}

// singles are the layers that an outer container's filter takes one by one: it
// refuses a call that their steps alone need, setns(2) or sethostname(2).
var singles = [...]policy.Layer{policy.LayerNetNS, policy.LayerUtsNS}

// refused gives the layer of those at which a launch failed, if the policy lets
// it go; else "".
func (r *run) refused(err error) policy.Layer {
	var le *LaunchError
	if !errors.As(err, &le) || !errors.Is(le.Err, unix.EPERM) && !errors.Is(le.Err, unix.ENOSYS) {
		return ""
	}
	for _, l := range singles {
		if l == le.Layer && r.mayGo(l) {
			return l
		}
	}
	return ""
}

func (r *run) mayGo(l policy.Layer) bool {
	return r.facts.Has(l) && !mutating() && r.policy.Layers.Level(l) == policy.Try
}

// mayLose says whether a launch may be tried again without one of the singles.
func (r *run) mayLose() bool {
	for _, l := range singles {
		if r.mayGo(l) {
			return true
		}
	}
	return false
}

// withLess gives a run that asks less of the host than one that failed, or nil:
// each time one layer less that the policy lets go. A run whose group was taken
// from it asks for the same again.
func (r *run) withLess(err error) *run {
	less := newRun(r.cmd)
	less.facts, less.noGroup, less.lost = r.facts, r.noGroup, r.lost
	switch {
	case r.facts == nil || mutating():
		return nil
	case r.forbidden(err):
		if !errors.Is(err, unix.ENOSPC) { // a limit that is reached now may not be at the next launch
			r.machine.lacksUserNS()
		}
		less.facts = r.facts.WithoutUserNS()
	case r.refused(err) != "":
		less.facts = r.facts.Without(r.refused(err))
	case r.lostGroup(err):
		less.lost = r.lost + 1
	case r.groupFailed(err):
		less.noGroup = err
	default:
		return nil
	}
	return less
}

// mostLost bounds how often a launch begins anew for a group that was taken.
const mostLost = 3

// lostGroup says whether somebody has locked the new group before its owner did:
// a "jail gc" in another pid namespace takes it for one that was left behind. The
// next has another name. Input that was read can't be had again.
func (r *run) lostGroup(err error) bool {
	return errors.Is(err, cgroup.ErrHeld) && r.lost < mostLost && r.relays[0] == nil
}

// groupFailed says whether a launch failed at a group that it can do without.
// It starts anew then: a plan that reckons with a group limits memory and
// processes by nothing else. For a passing shortage it does not do without: what
// the host can give, a policy that tries it gets.
func (r *run) groupFailed(err error) bool {
	var le *LaunchError
	return errors.As(err, &le) && le.Layer == policy.LayerCgroup && !passing(err) && r.mayUngroup()
}

// mayUngroup says whether a launch may be tried again without groups.
func (r *run) mayUngroup() bool {
	return r.noGroup == nil && r.policy.Layers.Level(policy.LayerCgroup) == policy.Try
}

// mayClimb says whether a launch may be tried again without a user namespace.
func (r *run) mayClimb() bool {
	return r.facts.UserNS && !mutating() && r.policy.Layers.Level(policy.LayerUserNS) == policy.Try
}

// refusesNamespace knows a refusal by the step: the clone; where a security
// module gives a namespace without its capabilities, the map or the first mount;
// and where parts of /proc are covered, that of the jail's own.
func refusesNamespace(le *LaunchError) bool {
	switch le.Step {
	case stepPrivate, stepProc, stepMap:
	default:
		if !strings.HasPrefix(le.Step, stepClone) {
			return false
		}
	}
	for _, e := range [...]unix.Errno{unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EINVAL, unix.ENOSYS} {
		if errors.Is(le.Err, e) {
			return true
		}
	}
	return false
}

const (
	stepClone   = "clone pid 1"
	stepPrivate = "make mounts private"

	stepRegained = "see that root could be regained"
	stepMDWE     = "deny writable and executable memory"
)

// noNamespaceHint is for a launch that comes after one that has found out.
func noNamespaceHint(f *host.Facts, p *policy.Policy) string {
	return `user namespaces are forbidden here: "jail doctor" says by what; to go on without:` + tryFlags(f, p)
}

// tryFlags names the flags that let a launch go on.
func tryFlags(f *host.Facts, p *policy.Policy) (hint string) {
	without := f.WithoutUserNS()
	for _, in := range policy.AllLayers() {
		if !without.Has(in.Name) && p.Layers.Level(in.Name) == policy.Require {
			hint += " --try " + string(in.Name)
		}
	}
	return hint
}

// precheck refuses a launch for a required layer that is known to be absent,
// before anything of the program runs.
func (r *run) precheck() error {
	if err := cmp.Or(r.precheckSignals(), r.precheckView()); err != nil {
		return err
	}
	for _, in := range policy.AllLayers() {
		if r.policy.Layers.Level(in.Name) != policy.Require {
			continue
		}
		if err := r.known(in.Name); err != nil {
			hint := tryHint(in.Name)
			if !r.facts.Has(in.Name) {
				hint = noNamespaceHint(r.facts, r.policy)
			}
			return &LaunchError{Op: "launch", Index: -1, Layer: in.Name, Err: err, Hint: hint}
		}
	}
	return nil
}

// scopedSignals is the ABI since which Landlock keeps signals in the jail, Linux
// 6.12.
const scopedSignals = 6

// precheckSignals refuses a program that could end its caller's processes, and
// its supervisor with them, by one kill(-1).
func (r *run) precheckSignals() error {
	if r.facts.Has(policy.LayerPidNS) || r.facts.Landlock >= scopedSignals && r.policy.Layers.Level(policy.LayerLandlock) != policy.Off {
		return nil
	}
	return &LaunchError{Op: "launch", Index: -1, Layer: policy.LayerPidNS, Err: errNoNamespace,
		Hint: "without a pid namespace nothing but Landlock of Linux 6.12 keeps the program's signals from your other processes: run jail as root, or allow user namespaces, and leave landlock on"}
}

// precheckView refuses an empty view where the program would stand in the host's
// own root, and calls beyond the default where the filter alone holds it there.
func (r *run) precheckView() error {
	switch {
	case r.facts.Has(policy.LayerRootfs):
		return nil
	case len(r.policy.Seccomp.Allow) > 0:
		return &LaunchError{Op: "launch", Index: -1, Layer: policy.LayerSeccomp, Err: errNoRoot, Hint: "the filter then stands in for namespaces: leave seccomp.allow and --allow-syscall out"}
	case r.cmd.Watch == WatchLearn:
		return &LaunchError{Op: "launch", Index: -1, Layer: policy.LayerSeccomp, Err: errNoRoot, Hint: "learn as root, or where user namespaces are allowed"}
	case r.policy.View != policy.ViewNone:
		return nil
	}
	return &LaunchError{Op: "launch", Index: -1, Layer: policy.LayerRootfs, Err: errNoRoot, Hint: "leave --view none out, or run jail as root, or allow user namespaces"}
}

// known says why a layer can't be had, as far as the host's facts tell.
func (r *run) known(l policy.Layer) error {
	switch {
	case !r.facts.Has(l):
		return errNoNamespace
	case l == policy.LayerTimeNS && !r.facts.TimeNS:
		return errNoTimeNS
	}
	return nil
}

var (
	errNoNamespace = errors.New("no user namespace can be made here")
	errNoTimeNS    = errors.New("the kernel has no time namespaces (Linux 5.6, CONFIG_TIME_NS)")
)
