// Package host learns what the machine gives: who we are, which kernel
// features are there, which limits we hold. Facts are plain values, so that a
// plan can be made from invented ones.
package host

import (
	"slices"
	"sync"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// Facts is all that a plan needs to know of the host.
type Facts struct {
	Kernel  Version
	UID     int
	GID     int
	Root    bool // may become ids other than its own
	Admin   bool // has CAP_SYS_ADMIN: may make namespaces without a user namespace
	IDBase  int  // first host id of the per-run range, where Root
	IDCount int  // ids in that range; two a run
	Ranges  int  // ranges of RangeSize ids from RangeBase on, one for each run whose program is root inside; 0: there is no room for them

	LastCap  int // highest capability that the kernel knows
	Landlock int // ABI, 0 where there is none
	TimeNS   bool
	Keyring  int32 // serial of our own session keyring, 0 if none; see LookAtSelf

	UserNS  bool   // new user namespaces are to be had
	NoClone bool   // clone3(2) is not to be had: filters of container engines hide it
	Blind   bool   // root without CAP_SYS_PTRACE, as in a container: may not look into who is not dumpable
	Staging string // a directory to build the root on, in the new mount namespace
	Rlimits [NumRlimits]unix.Rlimit
	NS      [NumNS]string // our own namespaces, as /proc/self/ns prints them; see LookAtSelf
	Nice    int

	Refused []policy.Layer // that a launch has found refused, though their namespaces could be made

	self sync.Once // guards NS and Keyring
}

// NumRlimits is RLIM_NLIMITS of getrlimit(2).
const NumRlimits = 16

// Namespaces in the order in which a launch reports them.
var Namespaces = [...]string{"user", "pid", "mnt", "net", "ipc", "uts", "cgroup", "time"}

// NumNS is the number of kinds of namespace, namespaces(7).
const NumNS = len(Namespaces)

// Version is a kernel's version.
type Version struct{ Major, Minor int }

// AtLeast says whether the kernel is major.minor or newer.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Has says whether a layer can be had at all: what makes namespaces and mounts
// needs a user namespace, or to be the host's administrator.
func (f *Facts) Has(l policy.Layer) bool {
	if slices.Contains(f.Refused, l) {
		return false
	}
	switch l {
	case policy.LayerUserNS:
		return f.UserNS
	case policy.LayerPidNS, policy.LayerMntNS, policy.LayerNetNS, policy.LayerIpcNS, policy.LayerUtsNS,
		policy.LayerCgroupNS, policy.LayerTimeNS, policy.LayerRootfs:
		return f.UserNS || f.Admin
	}
	return true
}

// WithoutUserNS gives the same facts on a host that forbids user namespaces.
func (f *Facts) WithoutUserNS() *Facts {
	g := f.copied()
	g.UserNS = false
	return g
}

// Without gives the same facts on a host that refuses a layer.
func (f *Facts) Without(l policy.Layer) *Facts {
	g := f.copied()
	g.Refused = append(slices.Clone(f.Refused), l)
	return g
}

// copied leaves out what LookAtSelf learns: it can be asked again.
func (f *Facts) copied() *Facts {
	return &Facts{
		Kernel: f.Kernel, UID: f.UID, GID: f.GID, Root: f.Root, Admin: f.Admin, IDBase: f.IDBase, IDCount: f.IDCount, Ranges: f.Ranges,
		LastCap: f.LastCap, Landlock: f.Landlock, TimeNS: f.TimeNS, Staging: f.Staging, Rlimits: f.Rlimits, Nice: f.Nice,
		UserNS: f.UserNS, NoClone: f.NoClone, Blind: f.Blind, Refused: f.Refused,
	}
}
