package isolate

import (
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/policy"
)

// look is what the kernel tells the supervisor of the target, while the target
// waits at the barrier of verify = "full". It can only take from what the
// target's own answers prove.
type look struct {
	status []byte // /proc/PID/status
	ns     map[policy.Layer]string
	inside bool // the target is in every group
	err    error
}

// lookFromOutside reads the target's state at the barrier.
func (r *run) lookFromOutside() *look {
	dir := "/proc/" + strconv.Itoa(r.seen.pid)
	b, err := os.ReadFile(dir + "/status") // #nosec G304 -- named by a number
	l := &look{status: b, ns: map[policy.Layer]string{}, err: err}
	for layer, kind := range nsKinds {
		// An ordinary user may not read the links of a process that is undumpable.
		l.ns[layer], _ = os.Readlink(dir + "/ns/" + kind)
	}
	if r.group != nil && err == nil {
		l.inside, l.err = r.group.Contains(r.seen.pid)
	}
	return l
}

var nsKinds = map[policy.Layer]string{
	policy.LayerUserNS: "user", policy.LayerPidNS: "pid", policy.LayerMntNS: "mnt", policy.LayerNetNS: "net",
	policy.LayerIpcNS: "ipc", policy.LayerUtsNS: "uts", policy.LayerCgroupNS: "cgroup", policy.LayerTimeNS: "time",
}

// weigh takes what was seen from outside to a proof from within. Where nothing
// of the layer can be seen from outside, the proof stays as it is.
func (r *run) weigh(l policy.Layer, within func(*run) (bool, string)) (bool, string) {
	held, detail := within(r)
	if r.outside == nil || !held {
		return held, detail
	}
	if r.outside.err != nil {
		return false, "it can't be seen from outside: " + r.outside.err.Error()
	}
	text, ok := r.fromOutside(l)
	if text == "" {
		return held, detail
	}
	return ok, detail + "; from outside: " + text
}

// fromOutside says what shows a layer from outside, or "".
func (r *run) fromOutside(l policy.Layer) (string, bool) {
	switch l {
	case policy.LayerSeccomp:
		return r.outside.field("Seccomp", "2")
	case policy.LayerNoNewPrivs:
		return r.outside.field("NoNewPrivs", "1")
	case policy.LayerCapabilities:
		return r.outside.noCaps(r.facts.UserNS || r.facts.Root)
	case policy.LayerCgroup:
		return map[bool]string{true: "/proc/PID/cgroup lists it", false: "/proc/PID/cgroup does not list it"}[r.outside.inside], r.outside.inside
	case policy.LayerUserNS:
		if text, ok := r.outside.field("Uid", r.fourIDs()); !ok || r.outside.ns[l] == "" {
			return text, ok
		}
	}
	return r.outside.link(l, r.seen.ns(nsIndex(nsKinds[l])))
}

// fourIDs is the line of the real, effective, saved and file system uid that
// the target must have, as our own user namespace names it.
func (r *run) fourIDs() string {
	id := os.Getuid()
	if r.ids != nil {
		id = r.ids.target
	}
	s := strconv.Itoa(id)
	return strings.Join([]string{s, s, s, s}, " ")
}

// field compares a line of /proc/PID/status.
func (l *look) field(name, want string) (string, bool) {
	got, there := host.StatusField(l.status, name)
	if !there {
		return "/proc/PID/status has no " + name, false
	}
	got = strings.Join(strings.Fields(got), " ")
	return name + " is " + got, got == want
}

// noCaps says whether every set of capabilities is empty, the bounding set only
// where there was one to empty.
func (l *look) noCaps(bounding bool) (string, bool) {
	sets := []string{"CapInh", "CapPrm", "CapEff", "CapAmb"}
	if bounding {
		sets = append(sets, "CapBnd")
	}
	for _, s := range sets {
		if v, there := host.StatusField(l.status, s); !there || strings.Trim(v, "0") != "" {
			return s + " is " + strconv.Quote(v), false
		}
	}
	return strings.Join(sets, ", ") + " are empty", true
}

// link compares a namespace's link, where it can be read.
func (l *look) link(layer policy.Layer, own string) (string, bool) {
	got := l.ns[layer]
	if got == "" {
		return "", true
	}
	return "its link is " + got, got == own
}
