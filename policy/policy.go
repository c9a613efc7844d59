// Package policy says what a jailed program may do: typed values with safe
// zero values, loaded from TOML or JSON, merged with flags, and validated
// before anything touches the kernel.
//
// It knows nothing of the host: whether a layer can be had is decided later,
// when a policy and the host's facts are compiled to a plan.
package policy

import (
	"time"

	"github.com/jailrun/jail/internal/size"
)

// Policy is what one program may do. The zero value is the safe default: every
// layer required, no network but loopback, bounded memory, processes, disk and
// output, no host files but the read-only system view.
//
// A zero limit means "the default"; Unlimited lifts it. Resolve fills both in,
// so that a resolved policy says every value that will be in force.
type Policy struct {
	Include      []string   `toml:"include,omitempty" json:"include,omitempty"` // policies merged first, paths relative to this file
	Profile      Profile    `toml:"profile,omitempty" json:"profile,omitempty"`
	Layers       Layers     `toml:"layers,omitempty" json:"layers,omitempty"`
	Limits       Limits     `toml:"limits,omitempty" json:"limits,omitempty"`
	Net          Net        `toml:"net,omitempty" json:"net,omitempty"`
	View         View       `toml:"view,omitempty" json:"view,omitempty"`
	Image        string     `toml:"image,omitempty" json:"image,omitempty"`               // what is seen instead of the host's system: an image of the store, "debian:12"; default none
	Root         Root       `toml:"root,omitempty" json:"root,omitempty"`                 // whether what is seen may be changed, in a copy of the jail's own
	State        string     `toml:"state,omitempty" json:"state,omitempty"`               // the name under which what is changed is kept for the next run; default none: it is gone with the jail
	StateSize    size.Bytes `toml:"state_size,omitempty" json:"state_size,omitempty"`     // bytes that a state may hold, told when it is made; default 1G
	User         User       `toml:"user,omitempty" json:"user,omitempty"`                 // who the program is inside
	Capabilities []string   `toml:"capabilities,omitempty" json:"capabilities,omitempty"` // of user = "root", in its own user namespace, "CHOWN"; default all that it may have
	Denials      Denials    `toml:"denials,omitempty" json:"denials,omitempty"`           // whether the program may read what it was refused
	Files        []File     `toml:"files,omitempty" json:"files,omitempty"`
	Env          []string   `toml:"env,omitempty" json:"env,omitempty"`           // K=V, later wins
	PassEnv      []string   `toml:"pass_env,omitempty" json:"pass_env,omitempty"` // names copied from the caller
	Chdir        string     `toml:"chdir,omitempty" json:"chdir,omitempty"`       // absolute, inside; default /box
	Hostname     string     `toml:"hostname,omitempty" json:"hostname,omitempty"` // default "jail"
	Group        string     `toml:"group,omitempty" json:"group,omitempty"`       // the set of jails that it is a member of, "web/api"; default none
	Verify       Verify     `toml:"verify,omitempty" json:"verify,omitempty"`
	Seccomp      Seccomp    `toml:"seccomp,omitempty" json:"seccomp,omitempty"`
	Hardware     Hardware   `toml:"hardware,omitempty" json:"hardware,omitempty"`
}

// Layers maps a layer's name to how much it is insisted upon.
type Layers map[Layer]Level

// Unlimited lifts a limit that has a default.
const Unlimited = -1

// Limits bound what the program may use. Zero: the default. Unlimited (-1): no
// bound. Sizes are in bytes.
type Limits struct {
	CPU        time.Duration `toml:"cpu,omitempty" json:"cpu,omitempty"`                   // of the whole jail; default none
	Wall       time.Duration `toml:"wall,omitempty" json:"wall,omitempty"`                 // default 2×CPU+1s when CPU is set, else none
	Idle       time.Duration `toml:"idle,omitempty" json:"idle,omitempty"`                 // no CPU and no byte for this long; default none
	Memory     size.Bytes    `toml:"memory,omitempty" json:"memory,omitempty"`             // of the whole jail; default 512M
	Swap       Swap          `toml:"swap,omitempty" json:"swap,omitempty"`                 // of the whole jail, beside Memory; default 0: none
	MemoryHigh size.Bytes    `toml:"memory_high,omitempty" json:"memory_high,omitempty"`   // above it tasks are slowed and their memory reclaimed, none is killed; default none
	HugeTLB    Sizes         `toml:"hugetlb,omitempty" json:"hugetlb,omitempty"`           // bytes in huge pages, "64M" in each size or "2M=64M,1G=1G"; default: none can be had
	RDMA       Counts        `toml:"rdma,omitempty" json:"rdma,omitempty"`                 // objects of each RDMA device, "hca_handle=2,hca_object=2000"; default none
	Pids       int64         `toml:"pids,omitempty" json:"pids,omitempty"`                 // tasks at once; default 128
	CPUMax     Percent       `toml:"cpu_max,omitempty" json:"cpu_max,omitempty"`           // bandwidth: CPU time for each period, 100% is one core; default none
	CPUWeight  int64         `toml:"cpu_weight,omitempty" json:"cpu_weight,omitempty"`     // share beside other groups where cores are short, 1 to 10000; default the kernel's, which is 100
	IOWeight   int64         `toml:"io_weight,omitempty" json:"io_weight,omitempty"`       // share of a block device beside other groups, 1 to 10000; default the kernel's, which is 100
	IOReadBPS  Sizes         `toml:"io_read_bps,omitempty" json:"io_read_bps,omitempty"`   // bytes read from block devices in a second
	IOWriteBPS Sizes         `toml:"io_write_bps,omitempty" json:"io_write_bps,omitempty"` // bytes written to block devices in a second
	IOReadOps  Counts        `toml:"io_read_ops,omitempty" json:"io_read_ops,omitempty"`   // reads from block devices in a second
	IOWriteOps Counts        `toml:"io_write_ops,omitempty" json:"io_write_ops,omitempty"` // writes to block devices in a second
	Output     size.Bytes    `toml:"output,omitempty" json:"output,omitempty"`             // for each of stdout and stderr; default 64M
	Disk       size.Bytes    `toml:"disk,omitempty" json:"disk,omitempty"`                 // /box, /tmp and /dev/shm together; default 256M
	Inodes     int64         `toml:"inodes,omitempty" json:"inodes,omitempty"`             // of the same; default 65536
	FileSize   size.Bytes    `toml:"file_size,omitempty" json:"file_size,omitempty"`       // RLIMIT_FSIZE; default none
	Stack      size.Bytes    `toml:"stack,omitempty" json:"stack,omitempty"`               // RLIMIT_STACK, soft; default 8M
	OpenFiles  int64         `toml:"open_files,omitempty" json:"open_files,omitempty"`     // RLIMIT_NOFILE; default 1024, which a program may raise to 20000, any other number being a bound
	Cores      string        `toml:"cores,omitempty" json:"cores,omitempty"`               // how many physical cores to lease, "2", or a CPU list as in cpuset(7), "0-1,3"; default: the caller's CPUs, shared
	PidsAction Action        `toml:"pids_action,omitempty" json:"pids_action,omitempty"`   // what a full pids limit does
	DiskAction Action        `toml:"disk_action,omitempty" json:"disk_action,omitempty"`   // what a full disk does
}

// Action is what happens when a counter is at its bound.
type Action string

// The actions. The zero value means ActionErrno.
const (
	ActionErrno Action = "errno" // the call fails: EAGAIN, ENOSPC
	ActionKill  Action = "kill"  // the jail is ended, with the counter as its reason
)

// Net is the network that a program sees.
type Net string

// The networks. The zero value means NetLoopback.
const (
	NetLoopback Net = "loopback" // a network namespace of its own in which lo is up
	NetNone     Net = "none"     // a network namespace of its own in which lo is down
)

// View is what a program sees of the host before Files add to it.
type View string

// The views. The zero value means ViewHost.
const (
	ViewHost View = "host" // the system's programs and libraries, and of /etc what they need
	ViewNone View = "none" // nothing of the host: /box, /tmp, /dev, /proc and an /etc of its own
)

// Denials is whether a program sees its own denials, in /run/jail/denials.
type Denials string

// The values of Denials. The zero value means DenialsShown.
const (
	DenialsShown  Denials = "shown"  // a line of JSON for each kind of refused call, with what would mend it
	DenialsHidden Denials = "hidden" // for contests: a program learns nothing of its walls but errors
)

// Profile is a named set of further restrictions.
type Profile string

// The built-in profiles. The zero value means ProfileDefault.
const (
	ProfileDefault Profile = "default"
	ProfileWXDeny  Profile = "wx-deny" // PR_SET_MDWE: no mapping is both writable and executable, ever
)

// Verify is how thoroughly a launch is read back.
type Verify string

// The depths of verification. The zero value means VerifyFast.
const (
	VerifyFast Verify = "fast" // the target's own answers, before exec
	VerifyFull Verify = "full" // and a barrier at which the supervisor reads everything from outside
)

// Seccomp tunes the filter's reporting, and lets calls pass that are refused by
// default but that no jail depends on being refused.
type Seccomp struct {
	OnSuspicious Suspicious `toml:"on_suspicious,omitempty" json:"on_suspicious,omitempty"` // what a call such as mount, ptrace or bpf costs
	KillAfter    int64      `toml:"kill_after,omitempty" json:"kill_after,omitempty"`       // the jail ends at so many suspicious calls; default 1 where they cost that, else never
	Allow        []string   `toml:"allow,omitempty" json:"allow,omitempty"`                 // calls to let pass beyond the default, by name; one that can reach the host is refused here
}

// Suspicious is what a suspicious call costs.
type Suspicious string

// The answers to a suspicious call. The zero value means SuspiciousDeny.
const (
	SuspiciousDeny Suspicious = "deny" // the errno of its row
	SuspiciousKill Suspicious = "kill" // the jail ends with reason syscall; the first of them, or the one that kill_after says
)

// Hardware asks for protections that cost speed and are off by default.
type Hardware struct {
	CoreScheduling     bool `toml:"core_scheduling,omitempty" json:"core_scheduling,omitempty"`         // PR_SCHED_CORE
	SpeculationControl bool `toml:"speculation_control,omitempty" json:"speculation_control,omitempty"` // PR_SET_SPECULATION_CTRL, store bypass and indirect branch off
}

// FileKind is what a File adds to the view.
type FileKind string

// The kinds of File.
const (
	FileRO    FileKind = "ro"    // Source read-only at Target
	FileRW    FileKind = "rw"    // Source writable at Target
	FileCOW   FileKind = "cow"   // Source at Target, writable: what is changed is kept apart, and Source stays as it is
	FileTmpfs FileKind = "tmpfs" // an empty writable directory at Target, under the disk quota or a Size of its own
	FileHide  FileKind = "hide"  // nothing can be seen at Target
	FileLink  FileKind = "link"  // a symbolic link at Target that holds To
)

// File adds to, or hides from, the program's view. The deepest Target wins.
type File struct {
	Kind     FileKind   `toml:"kind" json:"kind"`                             // what it adds or hides
	Source   string     `toml:"source,omitempty" json:"source,omitempty"`     // host path of an "ro", "rw" or "cow"; absolute, or in a file relative to the file's folder
	Target   string     `toml:"target,omitempty" json:"target,omitempty"`     // absolute path inside; a "tmpfs" and a "hide" need one, else it is the Source's absolute path
	To       string     `toml:"to,omitempty" json:"to,omitempty"`             // of a "link": the path that it holds, as seen inside
	Optional bool       `toml:"optional,omitempty" json:"optional,omitempty"` // a Source that is absent, or a Target at which there is nothing to hide, is passed over
	Reason   string     `toml:"reason,omitempty" json:"reason,omitempty"`     // why a Source that would open the host, or that is behind a link which a jail could have left, is meant; only a policy file can say
	Origin   string     `toml:"-" json:"-"`                                   // where a policy file says it, as "judge.toml:12"; "" where a flag or a program does
	Size     size.Bytes `toml:"size,omitempty" json:"size,omitempty"`         // of a "tmpfs"; default, and what is not less: its part of the disk quota; less is a bound of its own, beside the quota
}
