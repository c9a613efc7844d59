package result

import "github.com/jailrun/jail/policy"

// State says whether a wall stood.
type State string

// The states.
const (
	StateEnforced State = "enforced" // in force, and read back for this very process
	StateAbsent   State = "absent"   // wanted, but this host could not give it, or the launch did not come so far
	StateOff      State = "off"      // not wanted
)

// Wall is the evidence for one layer.
type Wall struct {
	State  State  `json:"state"`  // "enforced", "absent" or "off"
	Detail string `json:"detail"` // the source of the evidence and what it said; for an absent wall why, and what would mend it
}

// Enforced is the state of each layer for the process that ran.
type Enforced struct {
	UserNS       Wall `json:"user_ns"`      // own user namespace, the target's uid unprivileged outside
	PidNS        Wall `json:"pid_ns"`       // own process ids; the target is never pid 1
	MntNS        Wall `json:"mnt_ns"`       // own mounts
	NetNS        Wall `json:"net_ns"`       // own network
	IpcNS        Wall `json:"ipc_ns"`       // own System V IPC and message queues
	UtsNS        Wall `json:"uts_ns"`       // own host name
	CgroupNS     Wall `json:"cgroup_ns"`    // own view of the cgroup tree
	TimeNS       Wall `json:"time_ns"`      // own boot and monotonic clocks
	Cgroup       Wall `json:"cgroup"`       // limits and accounting by control groups
	Seccomp      Wall `json:"seccomp"`      // system call filter
	Landlock     Wall `json:"landlock"`     // path and scope rules of the Landlock security module, with its ABI
	Rootfs       Wall `json:"rootfs"`       // own read-only root instead of the host's
	Capabilities Wall `json:"capabilities"` // all capability sets empty and locked
	NoNewPrivs   Wall `json:"no_new_privs"` // no set-id program can raise privileges
	Rlimits      Wall `json:"rlimits"`      // resource limits of the process
	Keyring      Wall `json:"keyring"`      // a fresh session keyring
}

// layers lists the walls in the order in which they are printed.
var layers = [...]policy.Layer{
	policy.LayerUserNS, policy.LayerPidNS, policy.LayerMntNS, policy.LayerNetNS,
	policy.LayerIpcNS, policy.LayerUtsNS, policy.LayerCgroupNS, policy.LayerTimeNS,
	policy.LayerCgroup, policy.LayerSeccomp, policy.LayerLandlock, policy.LayerRootfs,
	policy.LayerCapabilities, policy.LayerNoNewPrivs, policy.LayerRlimits, policy.LayerKeyring,
}

// At returns the wall of a layer, to read or to set, or nil for a layer that
// there is not.
func (e *Enforced) At(l policy.Layer) *Wall {
	walls := [...]*Wall{
		&e.UserNS, &e.PidNS, &e.MntNS, &e.NetNS,
		&e.IpcNS, &e.UtsNS, &e.CgroupNS, &e.TimeNS,
		&e.Cgroup, &e.Seccomp, &e.Landlock, &e.Rootfs,
		&e.Capabilities, &e.NoNewPrivs, &e.Rlimits, &e.Keyring,
	}
	for i, name := range layers {
		if name == l {
			return walls[i]
		}
	}
	return nil
}
