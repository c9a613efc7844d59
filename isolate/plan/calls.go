package plan

import "golang.org/x/sys/unix"

// call is what is known of a system call: its name and its arguments. Verify
// takes from it which arguments are pointers and to how much; Print how each is
// written.
type call struct {
	nr   uint16
	name string
	args []param
}

// param is one argument.
type param struct {
	kind  kind
	n     uint8    // pointers: their bytes, or by a "Len" kind the argument that counts them
	names *symbols // of flags and values
}

// kind is how an argument is to be understood.
type kind uint8

const (
	number kind = iota
	octal
	hex
	descriptor
	value // one of names
	flags // a sum of names
	pid

	firstPointer // all below are pointers; of nullable ones zero is none
	text
	textOrNull
	in
	inOrNull
	inLen
	inLenOrNull
	out
	outOrNull
	outLen
	vector // of texts, until a zero
	pollSet
	message
	messageOut
	cloneArgs
	filterProgram
	mountAttr
	rulesetAttr
	pathBeneath
	openHow
	null // a pointer that is never given
)

// calls are all system calls that a tape may hold, in the order of x86-64's
// numbers. A call that is not here can't be verified, so it is refused.
var calls = [...]call{
	{unix.SYS_READ, "read", []param{{kind: descriptor}, {kind: outLen, n: 2}, {kind: number}}},
	{unix.SYS_WRITE, "write", []param{{kind: descriptor}, {kind: inLen, n: 2}, {kind: number}}},
	{unix.SYS_CLOSE, "close", []param{{kind: descriptor}}},
	{unix.SYS_LSEEK, "lseek", []param{{kind: descriptor}, {kind: number}, {kind: number}}},
	{unix.SYS_RT_SIGACTION, "rt_sigaction", []param{{kind: value, names: &signals}, {kind: inOrNull, n: 32}, {kind: outOrNull, n: 32}, {kind: number}}},
	{unix.SYS_RT_SIGPROCMASK, "rt_sigprocmask", []param{{kind: value, names: &maskActions}, {kind: inOrNull, n: 8}, {kind: outOrNull, n: 8}, {kind: number}}},
	{unix.SYS_IOCTL, "ioctl", []param{{kind: descriptor}, {kind: value, names: &ioctls}, {kind: in, n: 40}}},
	{unix.SYS_DUP, "dup", []param{{kind: descriptor}}},
	{unix.SYS_GETPID, "getpid", nil},
	{unix.SYS_SENDFILE, "sendfile", []param{{kind: descriptor}, {kind: descriptor}, {kind: null}, {kind: number}}},
	{unix.SYS_SOCKET, "socket", []param{{kind: value, names: &families}, {kind: flags, names: &socketTypes}, {kind: number}}},
	{unix.SYS_SENDMSG, "sendmsg", []param{{kind: descriptor}, {kind: message}, {kind: number}}},
	{unix.SYS_RECVMSG, "recvmsg", []param{{kind: descriptor}, {kind: messageOut}, {kind: flags, names: &receiveFlags}}},
	{unix.SYS_CLONE, "clone", []param{{kind: flags, names: &cloneFlags}, {kind: null}, {kind: outOrNull, n: 4}, {kind: null}, {kind: number}}},
	{unix.SYS_EXECVE, "execve", []param{{kind: text}, {kind: vector}, {kind: vector}}},
	{unix.SYS_EXIT, "exit", []param{{kind: number}}},
	{unix.SYS_WAIT4, "wait4", []param{{kind: pid}, {kind: outOrNull, n: 4}, {kind: flags, names: &waitFlags}, {kind: outOrNull, n: 144}}},
	{unix.SYS_KILL, "kill", []param{{kind: pid}, {kind: value, names: &signals}}},
	{unix.SYS_FCNTL, "fcntl", []param{{kind: descriptor}, {kind: value, names: &fcntls}, {kind: number}}},
	{unix.SYS_GETCWD, "getcwd", []param{{kind: outLen, n: 1}, {kind: number}}},
	{unix.SYS_CHDIR, "chdir", []param{{kind: text}}},
	{unix.SYS_FCHDIR, "fchdir", []param{{kind: descriptor}}},
	{unix.SYS_UMASK, "umask", []param{{kind: octal}}},
	{unix.SYS_SETSID, "setsid", nil},
	{unix.SYS_GETGROUPS, "getgroups", []param{{kind: number}, {kind: null}}},
	{unix.SYS_SETGROUPS, "setgroups", []param{{kind: number}, {kind: null}}},
	{unix.SYS_SETRESUID, "setresuid", []param{{kind: pid}, {kind: pid}, {kind: pid}}},
	{unix.SYS_GETRESUID, "getresuid", []param{{kind: out, n: 4}, {kind: out, n: 4}, {kind: out, n: 4}}},
	{unix.SYS_SETRESGID, "setresgid", []param{{kind: pid}, {kind: pid}, {kind: pid}}},
	{unix.SYS_GETRESGID, "getresgid", []param{{kind: out, n: 4}, {kind: out, n: 4}, {kind: out, n: 4}}},
	{unix.SYS_SETFSUID, "setfsuid", []param{{kind: pid}}},
	{unix.SYS_SETFSGID, "setfsgid", []param{{kind: pid}}},
	{unix.SYS_CAPGET, "capget", []param{{kind: in, n: 8}, {kind: out, n: 24}}},
	{unix.SYS_CAPSET, "capset", []param{{kind: in, n: 8}, {kind: in, n: 24}}},
	{unix.SYS_PERSONALITY, "personality", []param{{kind: hex}}},
	{unix.SYS_STATFS, "statfs", []param{{kind: text}, {kind: out, n: 120}}},
	{unix.SYS_SETPRIORITY, "setpriority", []param{{kind: number}, {kind: number}, {kind: pid}}},
	{unix.SYS_PIVOT_ROOT, "pivot_root", []param{{kind: text}, {kind: text}}},
	{unix.SYS_PRCTL, "prctl", []param{{kind: value, names: &prctls}, {kind: number}, {kind: number}, {kind: number}, {kind: number}}},
	{unix.SYS_MOUNT, "mount", []param{{kind: textOrNull}, {kind: text}, {kind: textOrNull}, {kind: flags, names: &mountFlags}, {kind: textOrNull}}},
	{unix.SYS_UMOUNT2, "umount2", []param{{kind: text}, {kind: flags, names: &umountFlags}}},
	{unix.SYS_SETHOSTNAME, "sethostname", []param{{kind: inLen, n: 1}, {kind: number}}},
	{unix.SYS_SETDOMAINNAME, "setdomainname", []param{{kind: inLen, n: 1}, {kind: number}}},
	{unix.SYS_FUTEX, "futex", []param{{kind: in, n: 4}, {kind: value, names: &futexOps}, {kind: number}, {kind: number}, {kind: in, n: 4}, {kind: hex}}},
	{unix.SYS_SCHED_SETAFFINITY, "sched_setaffinity", []param{{kind: pid}, {kind: number}, {kind: inLen, n: 1}}},
	{unix.SYS_CLOCK_GETTIME, "clock_gettime", []param{{kind: value, names: &clocks}, {kind: out, n: 16}}},
	{unix.SYS_EXIT_GROUP, "exit_group", []param{{kind: number}}},
	{unix.SYS_KEYCTL, "keyctl", []param{{kind: value, names: &keyctls}, {kind: pid}, {kind: number}}},
	{unix.SYS_OPENAT, "openat", []param{{kind: descriptor}, {kind: text}, {kind: flags, names: &openFlags}, {kind: octal}}},
	{unix.SYS_MKDIRAT, "mkdirat", []param{{kind: descriptor}, {kind: text}, {kind: octal}}},
	{unix.SYS_MKNODAT, "mknodat", []param{{kind: descriptor}, {kind: text}, {kind: octal}, {kind: number}}},
	{unix.SYS_FCHOWNAT, "fchownat", []param{{kind: descriptor}, {kind: text}, {kind: number}, {kind: number}, {kind: flags, names: &atFlags}}},
	{unix.SYS_UNLINKAT, "unlinkat", []param{{kind: descriptor}, {kind: text}, {kind: flags, names: &atFlags}}},
	{unix.SYS_SYMLINKAT, "symlinkat", []param{{kind: text}, {kind: descriptor}, {kind: text}}},
	{unix.SYS_READLINKAT, "readlinkat", []param{{kind: descriptor}, {kind: text}, {kind: outLen, n: 3}, {kind: number}}},
	{unix.SYS_FCHMODAT, "fchmodat", []param{{kind: descriptor}, {kind: text}, {kind: octal}}},
	{unix.SYS_FACCESSAT, "faccessat", []param{{kind: descriptor}, {kind: text}, {kind: number}}},
	{unix.SYS_PPOLL, "ppoll", []param{{kind: pollSet, n: 1}, {kind: number}, {kind: inOrNull, n: 16}, {kind: inOrNull, n: 8}, {kind: number}}},
	{unix.SYS_UNSHARE, "unshare", []param{{kind: flags, names: &cloneFlags}}},
	{unix.SYS_TIMERFD_CREATE, "timerfd_create", []param{{kind: value, names: &clocks}, {kind: flags, names: &openFlags}}},
	{unix.SYS_TIMERFD_SETTIME, "timerfd_settime", []param{{kind: descriptor}, {kind: number}, {kind: in, n: 32}, {kind: outOrNull, n: 32}}},
	{unix.SYS_SIGNALFD4, "signalfd4", []param{{kind: descriptor}, {kind: in, n: 8}, {kind: number}, {kind: flags, names: &openFlags}}},
	{unix.SYS_EVENTFD2, "eventfd2", []param{{kind: number}, {kind: flags, names: &openFlags}}},
	{unix.SYS_PRLIMIT64, "prlimit64", []param{{kind: pid}, {kind: value, names: &rlimitNames}, {kind: inOrNull, n: 16}, {kind: outOrNull, n: 16}}},
	{unix.SYS_SETNS, "setns", []param{{kind: descriptor}, {kind: flags, names: &cloneFlags}}},
	{unix.SYS_SECCOMP, "seccomp", []param{{kind: value, names: &seccompOps}, {kind: flags, names: &seccompFlags}, {kind: filterProgram}}},
	{unix.SYS_OPEN_TREE, "open_tree", []param{{kind: descriptor}, {kind: text}, {kind: flags, names: &openTreeFlags}}},
	{unix.SYS_MOVE_MOUNT, "move_mount", []param{{kind: descriptor}, {kind: text}, {kind: descriptor}, {kind: text}, {kind: flags, names: &moveFlags}}},
	{unix.SYS_CLONE3, "clone3", []param{{kind: cloneArgs, n: 1}, {kind: number}}},
	{unix.SYS_CLOSE_RANGE, "close_range", []param{{kind: number}, {kind: pid}, {kind: flags, names: &closeRangeFlags}}},
	{unix.SYS_OPENAT2, "openat2", []param{{kind: descriptor}, {kind: text}, {kind: openHow}, {kind: number}}},
	{unix.SYS_MOUNT_SETATTR, "mount_setattr", []param{{kind: descriptor}, {kind: text}, {kind: flags, names: &atFlags}, {kind: mountAttr, n: 4}, {kind: number}}},
	{unix.SYS_LANDLOCK_CREATE_RULESET, "landlock_create_ruleset", []param{{kind: rulesetAttr, n: 1}, {kind: number}, {kind: number}}},
	{unix.SYS_LANDLOCK_ADD_RULE, "landlock_add_rule", []param{{kind: descriptor}, {kind: value, names: &landlockRules}, {kind: pathBeneath}, {kind: number}}},
	{unix.SYS_LANDLOCK_RESTRICT_SELF, "landlock_restrict_self", []param{{kind: descriptor}, {kind: number}}},
}

// callOf finds a call's row, or nil.
func callOf(nr uint64) *call {
	lo, hi := 0, len(calls)
	for lo < hi {
		mid := (lo + hi) / 2
		if uint64(inOrder(mid).nr) < nr {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(calls) && uint64(inOrder(lo).nr) == nr {
		return inOrder(lo)
	}
	return nil
}

// CallName gives the name of a call that a tape may hold, "" for any other.
func CallName(nr uint64) string {
	if c := callOf(nr); c != nil {
		return c.name
	}
	return ""
}
