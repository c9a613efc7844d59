package seccomp

import "golang.org/x/sys/unix"

// newNamespace are the flags that make a namespace. clone(2) reads 0x80,
// CLONE_NEWTIME, as part of the exit signal.
const newNamespace = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

const whyNamespace = "makes a namespace: inside a new user namespace the program would hold every capability (CVE-2022-0492, CVE-2024-1086)"

const fixNamespace = "nothing allows it: the program is in namespaces of its own already, so switch its own sandbox off"

// Not in x/sys/unix: linux/sched.h, linux/ioprio.h and asm-generic/ioctls.h.
const (
	schedResetOnFork = 0x40000000
	ioprioClassMask  = 7 << 13
	ioprioClassRT    = 1 << 13
	ioprioProcess    = 1
	ioprioGroup      = 2
	ioprioUser       = 3
	tiocCons         = 0x541d
	tiocLinux        = 0x541c
	fiFreeze         = 0xc0045877
)

// processChecks narrow the calls by which a process changes itself or its
// children.
var processChecks = []Check{
	{
		Call: "clone", Words: "flags have any CLONE_NEW*", Why: whyNamespace, Fix: fixNamespace,
		When:   []Arg{{Index: 0, Mask: newNamespace, Values: []uint64{0}, Not: true}},
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
	},
	{
		Call: "unshare", Words: "flags have any CLONE_NEW*", Why: whyNamespace, Fix: fixNamespace,
		When:   []Arg{{Index: 0, Mask: newNamespace | unix.CLONE_NEWTIME, Values: []uint64{0}, Not: true}},
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
	},
	{
		Call: "personality", Words: "persona is 0 or the query 0xffffffff", Why: "asks for what is in force",
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{0, 0xffffffff}}},
		Answer: Action{Kind: KindAllow},
	},
	{
		Call: "personality", Words: "any other persona", Why: "turns off address randomisation or mmap's protections",
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "prctl", Words: "option is PR_SET_MM, PR_SET_PTRACER or PR_SET_SECUREBITS",
		Why:    "changes how others see the process, who may trace it, or how it keeps capabilities",
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.PR_SET_MM, unix.PR_SET_PTRACER, unix.PR_SET_SECUREBITS}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "prctl", Words: "option is PR_CAP_AMBIENT with PR_CAP_AMBIENT_RAISE", Why: "passes capabilities on to programs",
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{unix.PR_CAP_AMBIENT}},
			// prctl(2) compares the sub-option as an unsigned long.
			{Index: 1, Mask: Whole, Values: []uint64{unix.PR_CAP_AMBIENT_RAISE}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "seccomp", Words: "SECCOMP_SET_MODE_FILTER with SECCOMP_FILTER_FLAG_NEW_LISTENER",
		Why: "a listener can let calls pass that a filter of the program's own would refuse",
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{unix.SECCOMP_SET_MODE_FILTER}},
			{Index: 1, Mask: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, Values: []uint64{unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "seccomp", Words: "SECCOMP_SET_MODE_FILTER", Why: whyFilters, Fix: fixFilters,
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.SECCOMP_SET_MODE_FILTER}}},
		Answer: ownFilters,
	},
	{
		Call: "prctl", Words: "option is PR_SET_SECCOMP with SECCOMP_MODE_FILTER", Why: whyFilters, Fix: fixFilters,
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{unix.PR_SET_SECCOMP}},
			{Index: 1, Mask: Whole, Values: []uint64{unix.SECCOMP_MODE_FILTER}}, // prctl(2) compares an unsigned long
		},
		Answer: ownFilters,
	},
	{
		Call: "sched_setscheduler", Words: "policy is SCHED_OTHER, SCHED_BATCH or SCHED_IDLE", Why: "no more than a fair share",
		When:   []Arg{{Index: 1, Mask: Low32 &^ schedResetOnFork, Values: []uint64{unix.SCHED_NORMAL, unix.SCHED_BATCH, unix.SCHED_IDLE}}},
		Answer: Action{Kind: KindAllow},
	},
	{
		Call: "sched_setscheduler", Words: "any other policy", Why: "a real-time class starves the host",
		Fix: "use SCHED_OTHER, SCHED_BATCH or SCHED_IDLE", Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "ioprio_set", Words: "class is IOPRIO_CLASS_RT", Why: "real-time I/O starves the host's disks",
		When:   []Arg{{Index: 2, Mask: ioprioClassMask, Values: []uint64{ioprioClassRT}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "ioprio_set", Words: "process or process group is 1", Why: whyFirst,
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{ioprioProcess, ioprioGroup}},
			{Index: 1, Mask: Low32, Values: []uint64{1}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "ioprio_set", Words: "for a user", Why: whyUser,
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{ioprioUser}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
}

const (
	whyFilters = "the kernel compiles a filter into memory that counts as no group's, and of which the host has only so much (net.core.bpf_jit_limit)"
	fixFilters = "install filters before forking: children inherit them"
)

// ownFilters bounds how many filters a jail's programs may install: a process
// needs one or two, and each may take 56 KiB.
var ownFilters = Action{Kind: KindBudget, Errno: unix.ENOMEM, Most: 64, Alone: unix.ENOMEM}

// fileChecks narrow the calls by which a file or descriptor becomes more than
// data.
var fileChecks = []Check{
	{
		Call: "mknod", Words: "type is S_IFCHR or S_IFBLK", Why: "a device file reaches the host's hardware",
		When:   []Arg{{Index: 1, Mask: unix.S_IFMT, Values: []uint64{unix.S_IFCHR, unix.S_IFBLK}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "mknodat", Words: "type is S_IFCHR or S_IFBLK", Why: "a device file reaches the host's hardware",
		When:   []Arg{{Index: 2, Mask: unix.S_IFMT, Values: []uint64{unix.S_IFCHR, unix.S_IFBLK}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "fcntl", Words: "command is F_SETLEASE or F_NOTIFY",
		Why:    "a lease holds up who opens the file on the host, for lease-break-time (45 s) each, and a folder's watch sends signals for all that is done there",
		Fix:    "use flock or inotify",
		When:   []Arg{{Index: 1, Mask: Low32, Values: []uint64{unix.F_SETLEASE, unix.F_NOTIFY}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "ioctl", Words: "request is TIOCSTI or TIOCLINUX",
		Why:    "types into the caller's terminal, from where a shell outside would run it (CVE-2017-5226, CVE-2019-10063, CVE-2023-28100)",
		Fix:    "nothing allows it: pass the text as standard input",
		When:   []Arg{{Index: 1, Mask: Low32, Values: []uint64{unix.TIOCSTI, tiocLinux}}},
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
	},
	{
		Call: "ioctl", Words: "request is TIOCSETD, TIOCCONS or FIFREEZE", Why: "loads a line discipline, takes the host's console, or freezes a file system",
		When:   []Arg{{Index: 1, Mask: Low32, Values: []uint64{unix.TIOCSETD, tiocCons, fiFreeze}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
	{
		Call: "ioctl", Words: "request is TIOCSCTTY with argument 1", Why: "takes a terminal from the session that owns it",
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.TIOCSCTTY}},
			{Index: 2, Mask: Low32, Values: []uint64{1}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
}

// whyPackets: tee(2) carries packets on into a pipe that has no O_DIRECT, so a
// pipe of the program's own may not have it either.
const whyPackets = "makes a pipe of packets: its reader, who may be the supervisor, then gets a byte a call, which costs him more than the program"

// pipeChecks keep pipes streams of bytes. The answer is that of a file system
// without direct I/O, so programs fall back.
var pipeChecks = []Check{
	{
		Call: "fcntl", Words: "command is F_SETFL with O_DIRECT", Why: whyPackets, Fix: "give O_DIRECT to open",
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.F_SETFL}},
			{Index: 2, Mask: unix.O_DIRECT, Values: []uint64{unix.O_DIRECT}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EINVAL},
	},
	{
		Call: "pipe2", Words: "flags have O_DIRECT", Why: whyPackets, Fix: "use a Unix socket of type SOCK_SEQPACKET",
		When:   []Arg{{Index: 1, Mask: unix.O_DIRECT, Values: []uint64{unix.O_DIRECT}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EINVAL},
	},
}
