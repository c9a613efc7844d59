package policy

import "slices"

// Layer names one wall of a jail. The name is its key in flags, policy files,
// errors and the result's "enforced".
type Layer string

// The layers.
const (
	LayerUserNS       Layer = "user_ns"
	LayerPidNS        Layer = "pid_ns"
	LayerMntNS        Layer = "mnt_ns"
	LayerNetNS        Layer = "net_ns"
	LayerIpcNS        Layer = "ipc_ns"
	LayerUtsNS        Layer = "uts_ns"
	LayerCgroupNS     Layer = "cgroup_ns"
	LayerTimeNS       Layer = "time_ns"
	LayerCgroup       Layer = "cgroup"
	LayerSeccomp      Layer = "seccomp"
	LayerLandlock     Layer = "landlock"
	LayerRootfs       Layer = "rootfs"
	LayerCapabilities Layer = "capabilities"
	LayerNoNewPrivs   Layer = "no_new_privs"
	LayerRlimits      Layer = "rlimits"
	LayerKeyring      Layer = "keyring"
)

// Level is how much a layer is insisted upon.
type Level string

// The levels. The zero value takes the layer's default.
const (
	Require Level = "require" // without it nothing is launched
	Try     Level = "try"     // used where the kernel gives it, and its absence is reported
	Off     Level = "off"     // not used
)

// LayerInfo is a layer's row: what it does and how far it may be weakened.
type LayerInfo struct {
	Name   Layer
	CanOff bool // false: only Try lets a launch go on without it
	CanTry bool // false: every kernel has it, and other layers stand on it
	Doc    string
	Source string // where the kernel's promise is written
}

var layers = [...]LayerInfo{
	{LayerUserNS, false, true, "its own users and capabilities; root inside is nobody outside", "user_namespaces(7)"},
	{LayerPidNS, false, true, "sees and signals only its own processes", "pid_namespaces(7)"},
	{LayerMntNS, false, true, "its own mounts; none reaches the host", "mount_namespaces(7)"},
	{LayerNetNS, true, true, "its own network, with nothing but loopback", "network_namespaces(7)"},
	{LayerIpcNS, true, true, "its own System V IPC and message queues", "ipc_namespaces(7)"},
	{LayerUtsNS, true, true, "its own host name", "uts_namespaces(7)"},
	{LayerCgroupNS, true, true, "sees its cgroup as the root", "cgroup_namespaces(7)"},
	{LayerTimeNS, true, true, "its own boot and monotonic clocks", "time_namespaces(7), Linux 5.6"},
	{LayerCgroup, true, true, "memory and processes counted, bounded and killed as one", "cgroups(7)"},
	{LayerSeccomp, true, true, "only the system calls of the policy's table", "seccomp(2)"},
	{LayerLandlock, true, true, "a second wall for files, TCP, signals and abstract sockets", "landlock(7), Linux 5.13"},
	{LayerRootfs, false, true, "its own root; the host's is detached", "pivot_root(2)"},
	{LayerCapabilities, false, true, "every capability dropped, none can be regained", "capabilities(7)"},
	{LayerNoNewPrivs, false, false, "no program gives it more rights than it has", "PR_SET_NO_NEW_PRIVS(2const)"},
	{LayerRlimits, true, true, "limits of each process: files, stack, core, locked memory", "getrlimit(2)"},
	{LayerKeyring, true, true, "a fresh session keyring; the caller's keys are out of reach", "session-keyring(7)"},
}

// AllLayers lists the layers in the result's order. The slice is the caller's.
func AllLayers() []LayerInfo { return slices.Clone(layers[:]) }

// Level is the level at which l is wanted: the one that was set, else l's
// default, Require (Try for time_ns).
func (ls Layers) Level(l Layer) Level {
	switch {
	case ls[l] != "":
		return ls[l]
	case l == LayerTimeNS:
		return Try
	}
	return Require
}

// resolve gives every layer its level. An ordinary user can seldom make a
// cgroup, and rlimits stand in for it then, so its default is Try.
func (ls Layers) resolve(c Caller) Layers {
	all := make(Layers, len(layers))
	for i := range layers {
		all[layers[i].Name] = ls.Level(layers[i].Name)
	}
	if ls[LayerCgroup] == "" && !c.Root {
		all[LayerCgroup] = Try
	}
	return all
}

var levels = [...]Level{Require, Try, Off}

// checkLevel says why layer l can't have the level v. An unknown layer has the
// problem ErrUnknownKey.
func checkLevel(l Layer, v Level) error {
	i := slices.IndexFunc(layers[:], func(in LayerInfo) bool { return in.Name == l })
	if i < 0 {
		return fault(string(l), ErrUnknownKey, nearestHint(string(l), layerNames()))
	}
	if v == "" {
		return nil
	}
	if err := oneOf(v, levels[:]); err != nil {
		return err
	}
	switch {
	case v == Off && layers[i].CanTry && !layers[i].CanOff:
		return fault(string(v), ErrMandatory, `"try" lets a launch go on where the kernel lacks `+string(l))
	case v == Off && !layers[i].CanOff, v == Try && !layers[i].CanTry:
		return fault(string(v), ErrMandatory, string(l)+" is always required")
	}
	return nil
}

func layerNames() []string {
	names := make([]string, len(layers))
	for i := range layers {
		names[i] = string(layers[i].Name)
	}
	return names
}
