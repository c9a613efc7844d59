package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// What a jail without a namespace has in common with its host's other
// processes, and Landlock does not guard.
const (
	whyHostNet  = "without a network namespace it would be on the host's network"
	whyHostTree = "without a root of its own the program stands in the caller's files, and Landlock does not hold this call"
	whyHostPids = "without a pid namespace it may be a process of the caller's, or the jail's supervisor"
	whyHostIPC  = "without an ipc namespace it would be the host's"
)

// A socket's type as socket(2) takes it, without SOCK_CLOEXEC and SOCK_NONBLOCK.
const sockTypeMask = 0xf

// refuseAll refuses calls whatever their arguments.
func refuseAll(why string, errno unix.Errno, calls ...string) (list []Check) {
	for _, c := range calls {
		list = append(list, Check{Call: c, Words: "at all", Why: why, Answer: Errno(errno)})
	}
	return list
}

// hostNetworkChecks leaves AF_UNIX alone. What a listener would count are the
// host's sockets.
func hostNetworkChecks() []Check {
	return []Check{
		{
			Call: "socket", Words: "AF_INET, AF_INET6 or AF_NETLINK", Why: whyHostNet,
			When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}}},
			Answer: Errno(unix.EAFNOSUPPORT),
		},
		{Call: "listen", Words: "at all", Why: "no socket is TCP's", Answer: Allow()},
	}
}

// hostTreeChecks guard what is not opened: modes, owners, times and attributes
// of the caller's files, watches on them, and servers that listen on a path.
func hostTreeChecks() []Check {
	modes := refuseAll(whyHostTree, unix.EPERM, "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "inotify_add_watch")
	attrs := refuseAll(whyHostTree, unix.EOPNOTSUPP, "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr")
	var times []Check
	for _, c := range []string{"utime", "utimes", "futimesat", "utimensat"} {
		times = append(times, Check{Call: c, Words: "at all", Why: whyHostTree + "; touch(1) and tar(1) go on", Answer: Ignore()})
	}
	return slices.Concat(modes, attrs, times, hostSocketChecks())
}

// hostSocketChecks leave pairs that can't be connected anew.
func hostSocketChecks() []Check {
	return []Check{
		{
			Call: "socket", Words: "AF_UNIX", Why: "it could connect to a server on a path, as of D-Bus or a container engine, which runs commands outside",
			When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.AF_UNIX}}},
			Answer: Errno(unix.EAFNOSUPPORT),
		},
		{
			Call: "socketpair", Words: "type is neither SOCK_STREAM nor SOCK_SEQPACKET", Why: "a datagram socket can send to a server on a path",
			When:   []Arg{{Index: 1, Mask: sockTypeMask, Values: []uint64{unix.SOCK_STREAM, unix.SOCK_SEQPACKET}, Not: true}},
			Answer: Errno(unix.EAFNOSUPPORT),
		},
	}
}

// hostPidChecks leave a process itself to change. Signals are held by Landlock,
// without which the launch is refused.
func hostPidChecks() []Check {
	another := func(call string, pid int, more ...Arg) Check {
		return Check{
			Call: call, Words: "process is not 0, the caller", Why: whyHostPids,
			When:   append([]Arg{{Index: pid, Mask: Low32, Values: []uint64{0}, Not: true}}, more...),
			Answer: Errno(unix.EPERM),
		}
	}
	return []Check{
		another("prlimit64", 0, Arg{Index: 2, Mask: Whole, Values: []uint64{0}, Not: true}),
		another("setpriority", 1), another("ioprio_set", 1),
		another("sched_setscheduler", 0), another("sched_setparam", 0), another("sched_setaffinity", 0),
		{
			Call: "prctl", Words: "PR_SET_PDEATHSIG", Why: "with no pid namespace it is what ends the program with its jail",
			When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.PR_SET_PDEATHSIG}}},
			Answer: Errno(unix.EPERM),
		},
	}
}

func hostIPCChecks() []Check {
	return refuseAll(whyHostIPC, unix.ENOSYS, "shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl",
		"msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink")
}
