package isolate

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// proofs say for each layer whether what was read back proves it. Each weighs
// only what the kernel said of the very process that ran.
var proofs = [...]struct {
	layer policy.Layer
	proof func(*run) (bool, string)
}{
	{policy.LayerUserNS, (*run).provesUserNS},
	{policy.LayerPidNS, namespace("pid")},
	{policy.LayerMntNS, namespace("mnt")},
	{policy.LayerNetNS, namespace("net")},
	{policy.LayerIpcNS, namespace("ipc")},
	{policy.LayerUtsNS, namespace("uts")},
	{policy.LayerCgroupNS, namespace("cgroup")},
	{policy.LayerTimeNS, (*run).provesTimeNS},
	{policy.LayerCgroup, (*run).provesCgroup},
	{policy.LayerSeccomp, (*run).provesSeccomp},
	{policy.LayerLandlock, (*run).provesLandlock},
	{policy.LayerRootfs, (*run).provesRootfs},
	{policy.LayerCapabilities, (*run).provesCapabilities},
	{policy.LayerNoNewPrivs, (*run).provesNoNewPrivs},
	{policy.LayerRlimits, (*run).provesRlimits},
	{policy.LayerKeyring, (*run).provesKeyring},
}

// proof is what was found of a layer.
type proof struct {
	held   bool
	detail string
}

// prove weighs every layer, once: the group and the target are there to be
// looked at only now.
func (r *run) prove() {
	r.proved = make([]proof, len(proofs))
	for i, p := range proofs {
		if r.policy.Layers.Level(p.layer) == policy.Off {
			continue
		}
		r.proved[i].held, r.proved[i].detail = r.weigh(p.layer, p.proof)
	}
}

// enforced fills in the state of every layer.
func (r *run) enforced(e *result.Enforced) {
	if r.policy == nil {
		return
	}
	for i, p := range proofs {
		w := e.At(p.layer)
		if r.policy.Layers.Level(p.layer) == policy.Off {
			*w = result.Wall{State: result.StateOff, Detail: "switched off by the policy"}
			continue
		}
		if r.proved == nil {
			continue
		}
		w.State, w.Detail = result.StateAbsent, r.proved[i].detail
		if r.proved[i].held {
			w.State = result.StateEnforced
		}
	}
}

// require ends a launch in which a required layer is not proved.
func (r *run) require() error {
	for i, p := range proofs {
		if r.policy.Layers.Level(p.layer) == policy.Require && !r.proved[i].held {
			return &LaunchError{Op: "verify the layer", Index: -1, Layer: p.layer, Err: &notProved{r.proved[i].detail}, Hint: tryHint(p.layer)}
		}
	}
	return r.requireProfile()
}

// requireProfile ends a launch in which the profile's protection is not proved.
func (r *run) requireProfile() error {
	if v := r.seen.word(plan.SeenMDWE); r.policy.Profile == policy.ProfileWXDeny && v != 1 {
		return &LaunchError{Op: "verify the profile wx-deny", Index: -1, Err: &notProved{"PR_GET_MDWE gives " + strconv.FormatInt(v, 10)}, Hint: "it takes Linux 6.3: leave --profile out"}
	}
	return nil
}

// notProved says what the read-back showed instead.
type notProved struct{ detail string }

func (e *notProved) Error() string { return "it is not in force: " + e.detail }

func tryHint(l policy.Layer) string { return "to go on without it: --try " + string(l) }

// namespace proves a namespace: its link differs from the supervisor's.
func namespace(kind string) func(*run) (bool, string) {
	i := nsIndex(kind)
	return func(r *run) (bool, string) {
		own, theirs := r.facts.NS[i], r.seen.ns(i)
		if own == "" || theirs == "" {
			return false, "the kernel has no /proc/self/ns/" + kind
		}
		return own != theirs, "/proc/self/ns/" + kind + " reads " + theirs
	}
}

func (r *run) provesUserNS() (bool, string) {
	held, detail := namespace("user")(r)
	if !r.facts.UserNS {
		return false, "user namespaces are forbidden here: " + detail
	}
	ids, own := r.seen.ids(plan.SeenUIDs), uint32(r.policy.ProgramID())
	if ids != [3]uint32{own, own, own} || ids != r.seen.ids(plan.SeenGIDs) {
		return false, detail + ", but getresuid gives " + strconv.Itoa(int(ids[0]))
	}
	if r.ids != nil {
		if n := r.seen.word(plan.SeenGroups); n != 0 {
			return false, "getgroups gives " + strconv.FormatInt(n, 10) + " supplementary groups"
		}
		return held, detail + r.idsText()
	}
	return held, detail + ", uid 1000 is the caller's; init has the same, and supplementary groups stay (setgroups is denied)"
}

// idsText says whose ids the program's are on the host.
func (r *run) idsText() string {
	own, host := strconv.Itoa(r.policy.ProgramID()), strconv.Itoa(r.ids.target)
	if r.ids.count == 1 {
		return ", uid " + own + " is host uid " + host
	}
	text := ", uids 0 to " + strconv.Itoa(r.ids.count-1) + " are host uids " + strconv.Itoa(r.ids.base) + " to " + strconv.Itoa(r.ids.base+r.ids.count-1) + ", which have no right there"
	if r.policy.User == policy.UserRoot {
		return text + "; inside, the kernel's code for privileged users can be reached"
	}
	return text + "; it has " + own
}

// bootSlack is how much uptime a time namespace may show: its launch.
const bootSlack = 10 * time.Second

func (r *run) provesTimeNS() (bool, string) {
	held, detail := namespace("time")(r)
	up := time.Duration(r.seen.word(plan.SeenBoottime))*time.Second + time.Duration(r.seen.word(plan.SeenBoottime+8))
	return held && up < bootSlack, detail + ", CLOCK_BOOTTIME is " + up.Round(time.Millisecond).String()
}

func (r *run) provesCgroup() (bool, string) {
	if r.group == nil {
		if r.noGroup != nil {
			return false, r.noGroup.Error()
		}
		return false, "no group was made"
	}
	all := len(r.group.ProcsFDs())
	for i := range all {
		if n := r.seen.word(plan.SeenJoined + 8*i); n != 1 {
			return false, "the kernel let the program into " + strconv.Itoa(i) + " of " + strconv.Itoa(all) + " groups: " + joinOutcome(n)
		}
	}
	if all == 0 {
		return false, "the group has no hierarchy to join"
	}
	detail := append([]string{"joined " + r.group.Name() + " itself", groupText(r.group.ReadBack())}, r.group.Notes()...)
	return true, strings.Join(detail, "; ")
}

func joinOutcome(n int64) string {
	if n >= 0 {
		return "it did not ask"
	}
	return outcome(n)
}

func groupText(files map[string]string) string {
	s := ""
	for _, k := range slices.Sorted(maps.Keys(files)) {
		if s != "" {
			s += ", "
		}
		s += k + "=" + files[k]
	}
	return s
}

func (r *run) provesSeccomp() (bool, string) {
	const modeFilter = 2 // SECCOMP_MODE_FILTER
	if mode := r.seen.word(plan.SeenSeccomp); mode != modeFilter {
		return false, "PR_GET_SECCOMP gives " + strconv.FormatInt(mode, 10)
	}
	if r.listener == nil {
		return true, "PR_GET_SECCOMP gives 2 (filter), without a listener"
	}
	return true, "PR_GET_SECCOMP gives 2 (filter), with a listener"
}

func (r *run) provesLandlock() (bool, string) {
	abi := r.facts.Landlock
	if abi == 0 {
		return false, "the kernel has no Landlock (CONFIG_SECURITY_LANDLOCK, or lsm= on its command line lacks it)"
	}
	before, after := r.seen.word(plan.SeenLandlock1), r.seen.word(plan.SeenLandlock2)
	held := before > 0 && after == -int64(unix.EACCES)
	return held, "ABI " + strconv.Itoa(abi) + ", a probe outside the rules opened before and gave " + outcome(after) + " after"
}

func outcome(v int64) string {
	if v >= 0 {
		return "a descriptor"
	}
	return unix.ErrnoName(unix.Errno(-v))
}

func (r *run) provesRootfs() (bool, string) {
	const (
		magicTmpfs = 0x01021994
		flags      = 80 // offset of f_flags in struct statfs
		readOnly   = unix.ST_RDONLY
	)
	fs := r.seen.word(plan.SeenRootFS)
	f := r.seen.word(plan.SeenRootFS + flags)
	if r.in.Rooted() {
		return r.provesLayers(fs, f&readOnly != 0)
	}
	held := fs == magicTmpfs && f&readOnly != 0
	return held, "statfs of / gives type 0x" + strconv.FormatInt(fs, 16) + ", flags 0x" + strconv.FormatInt(f, 16) + "; view " + r.machine.view.Layout + r.inodes()
}

// inodes says so where the system's folders are the host's own, not overlays of
// them: locks, leases and inotify are then shared with other runs.
func (r *run) inodes() string {
	switch {
	case !r.facts.Kernel.AtLeast(5, 11):
		return "; its folders are bound, not overlays: a user namespace can't mount one before Linux 5.11"
	case r.seen.word(plan.SeenShared) != 0:
		return "; folders that the kernel can't make an overlay of are bound"
	}
	return ""
}

func (r *run) provesCapabilities() (bool, string) {
	bound, bits := r.seen.word(plan.SeenBound), r.seen.word(plan.SeenSecurebits)
	if r.policy.User == policy.UserRoot {
		return r.provesRoot(bits)
	}
	held := r.seen.noCaps() && bound == 0 && bits == plan.Securebits
	if !r.facts.UserNS && !r.facts.Root {
		// An ordinary user of the host's own namespace has nothing to drop, and
		// under no_new_privs nothing to gain.
		held = r.seen.noCaps() && r.seen.word(plan.SeenNoNewPrivs) == 1
	}
	return held, "capget gives " + map[bool]string{true: "none", false: "some"}[r.seen.noCaps()] + ", securebits 0x" + strconv.FormatInt(bits, 16)
}

func (r *run) provesNoNewPrivs() (bool, string) {
	v := r.seen.word(plan.SeenNoNewPrivs)
	return v == 1, "PR_GET_NO_NEW_PRIVS gives " + strconv.FormatInt(v, 10)
}

func (r *run) provesRlimits() (bool, string) {
	list := r.plan.Rlimits
	for _, l := range list {
		got := r.seen.rlimit(l.Resource)
		if got.Cur > l.Soft || got.Max > l.Hard {
			return false, l.Name + " is " + strconv.FormatUint(got.Cur, 10) + ", not " + strconv.FormatUint(l.Soft, 10)
		}
	}
	return true, "prlimit gives what the policy asks, " + strconv.Itoa(len(list)) + " limits"
}

// provesKeyring: a process that has joined none stands in its user's default
// session keyring, which every run with the same id would share.
func (r *run) provesKeyring() (bool, string) {
	v := r.seen.word(plan.SeenKeyring)
	switch {
	case v == plan.Unread || r.seen.word(plan.SeenUserKeys) == plan.Unread:
		return false, "keyctl was not asked"
	case v < 0:
		return false, "keyctl gives " + outcome(v)
	case v == r.seen.word(plan.SeenUserKeys):
		return false, "the session keyring is the user's default one"
	case int32(v) == r.facts.Keyring:
		return false, "session keyring " + strconv.FormatInt(v, 10) + " is the supervisor's"
	}
	return true, "session keyring " + strconv.FormatInt(v, 10) + " is not the supervisor's"
}
