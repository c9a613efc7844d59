package policy

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
