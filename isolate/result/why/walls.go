package why

import (
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// costs says what it costs when a layer does not stand.
var costs = [...]struct {
	layer policy.Layer
	cost  string
}{
	{policy.LayerUserNS, "the program's user is one of the host's own: what that user may do, it may try"},
	{policy.LayerPidNS, "it sees other processes, and what outlives it is found by looking, not by the kernel"},
	{policy.LayerMntNS, "it sees the host's mounts"},
	{policy.LayerNetNS, "it reaches whatever network jail's caller reaches"},
	{policy.LayerIpcNS, "it shares System V shared memory and message queues with the host, which stay when it is gone"},
	{policy.LayerUtsNS, "it sees the host's name"},
	{policy.LayerCgroupNS, "it sees where its control group lies on the host"},
	{policy.LayerTimeNS, "it sees how long the host has been up"},
	{policy.LayerCgroup, "memory, tasks and CPU time are held for each process or looked at now and then, not counted for all together"},
	{policy.LayerSeccomp, "every system call of the kernel's is within its reach, and none that was tried is listed"},
	{policy.LayerLandlock, "one wall before files, TCP, signals and abstract sockets is missing; the others stand"},
	{policy.LayerRootfs, "it sees the host's own files, as far as their rights and Landlock let it, and its disk space is not bounded"},
	{policy.LayerCapabilities, "it may hold rights of root's"},
	{policy.LayerNoNewPrivs, "a set-id program could give it more rights"},
	{policy.LayerRlimits, "open files, stack, core dumps and locked memory of each process are bounded by the caller's limits only"},
	{policy.LayerKeyring, "it can use the keys of its user's session"},
}

func costOf(l policy.Layer) string {
	for i := range costs {
		if costs[i].layer == l {
			return costs[i].cost
		}
	}
	return ""
}

// degradation is a way in which a layer stands, but does less than it could. The
// detail of the result tells.
type degradation struct {
	layer policy.Layer
	when  string // for the docs
	holds func(detail string) bool
	cost  string
}

// degradations is a function for the reason that causes is one.
func degradations() []degradation {
	return []degradation{
		{policy.LayerUserNS, "init has the same user as the program", says("init has the same"), "an ordinary user's jail: init's protection is that it can't be traced, not its user; the caller's groups stay"},
		{policy.LayerSeccomp, "without a listener", says("without a listener"), "refused calls are answered by the kernel, and not listed"},
		{policy.LayerLandlock, "before ABI 4", olderThan(4), "Landlock does not hold TCP ports; the network namespace does"},
		{policy.LayerLandlock, "before ABI 6", olderThan(6), "Landlock does not hold signals and abstract sockets; the pid and network namespaces do"},
		{policy.LayerRootfs, "folders are bound, not overlays", says("are bound"), "locks, leases and inotify on the system's files are shared with other jails"},
	}
}

func says(words string) func(string) bool {
	return func(detail string) bool { return strings.Contains(detail, words) }
}

// olderThan reads the detail of Landlock: "ABI 5, a probe …".
func olderThan(abi int) func(string) bool {
	return func(detail string) bool {
		rest, _ := strings.CutPrefix(detail, "ABI ")
		digits, _, _ := strings.Cut(rest, ",")
		n, err := strconv.Atoi(digits)
		return err == nil && n < abi
	}
}

// notReached is the detail of every wall of a launch that did not come so far.
const notReached = "not reached"

// stateDegraded is no state of the result's: the wall stands.
const stateDegraded = "degraded"

// walls lists those that did not stand, or not in full. Of a launch that failed
// before its walls were looked at, none is listed.
func walls(r *result.Result) []Wall {
	list := []Wall{}
	for _, l := range policy.AllLayers() {
		w := r.Enforced.At(l.Name)
		switch {
		case w.Detail == notReached:
		case w.State != result.StateEnforced:
			list = append(list, Wall{string(l.Name), string(w.State), bounded(w.Detail, mostSentence), costOf(l.Name)})
		default:
			list = append(list, lessThanFull(l.Name, w)...)
		}
	}
	return list
}

func lessThanFull(l policy.Layer, w *result.Wall) (list []Wall) {
	for _, d := range degradations() {
		if d.layer == l && d.holds(w.Detail) {
			list = append(list, Wall{string(l), stateDegraded, bounded(w.Detail, mostSentence), d.cost})
		}
	}
	return list
}
