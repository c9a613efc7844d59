package plan

import "golang.org/x/sys/unix"

// symbols are names of values, as the manual pages write them. For flags the
// wider name comes first.
type symbols []symbol

type symbol struct {
	name  string
	value uint64
}

// name gives the name of one value.
func (s symbols) name(v uint64) (string, bool) {
	for i := range s {
		if s[i].value == v {
			return s[i].name, true
		}
	}
	return "", false
}

var mountFlags = symbols{
	{"MS_PRIVATE", unix.MS_PRIVATE}, {"MS_REC", unix.MS_REC}, {"MS_REMOUNT", unix.MS_REMOUNT}, {"MS_BIND", unix.MS_BIND},
	{"MS_RDONLY", unix.MS_RDONLY}, {"MS_NOSUID", unix.MS_NOSUID}, {"MS_NODEV", unix.MS_NODEV}, {"MS_NOEXEC", unix.MS_NOEXEC},
	{"MS_NOSYMFOLLOW", unix.MS_NOSYMFOLLOW}, {"MS_MOVE", unix.MS_MOVE}, {"MS_SLAVE", unix.MS_SLAVE}, {"MS_SHARED", unix.MS_SHARED},
}

var attrFlags = symbols{
	{"MOUNT_ATTR_RDONLY", unix.MOUNT_ATTR_RDONLY}, {"MOUNT_ATTR_NOSUID", unix.MOUNT_ATTR_NOSUID}, {"MOUNT_ATTR_NODEV", unix.MOUNT_ATTR_NODEV},
	{"MOUNT_ATTR_NOEXEC", unix.MOUNT_ATTR_NOEXEC}, {"MOUNT_ATTR_NOSYMFOLLOW", unix.MOUNT_ATTR_NOSYMFOLLOW}, {"MOUNT_ATTR_IDMAP", unix.MOUNT_ATTR_IDMAP},
}

var propagations = symbols{{"MS_PRIVATE", unix.MS_PRIVATE}, {"MS_SLAVE", unix.MS_SLAVE}, {"MS_SHARED", unix.MS_SHARED}, {"MS_UNBINDABLE", unix.MS_UNBINDABLE}}

var umountFlags = symbols{{"MNT_DETACH", unix.MNT_DETACH}, {"MNT_FORCE", unix.MNT_FORCE}, {"UMOUNT_NOFOLLOW", unix.UMOUNT_NOFOLLOW}}

var openFlags = symbols{
	{"O_PATH", unix.O_PATH}, {"O_DIRECTORY", unix.O_DIRECTORY}, {"O_NOFOLLOW", unix.O_NOFOLLOW}, {"O_RDWR", unix.O_RDWR}, {"O_WRONLY", unix.O_WRONLY},
	{"O_CREAT", unix.O_CREAT}, {"O_EXCL", unix.O_EXCL}, {"O_TRUNC", unix.O_TRUNC}, {"O_NONBLOCK", unix.O_NONBLOCK}, {"O_CLOEXEC", unix.O_CLOEXEC},
}

var resolveFlags = symbols{{"RESOLVE_IN_ROOT", unix.RESOLVE_IN_ROOT}, {"RESOLVE_NO_MAGICLINKS", unix.RESOLVE_NO_MAGICLINKS}}

var openTreeFlags = symbols{
	{"OPEN_TREE_CLONE", unix.OPEN_TREE_CLONE}, {"AT_RECURSIVE", unix.AT_RECURSIVE}, {"AT_EMPTY_PATH", unix.AT_EMPTY_PATH},
	{"AT_SYMLINK_NOFOLLOW", unix.AT_SYMLINK_NOFOLLOW}, {"OPEN_TREE_CLOEXEC", unix.OPEN_TREE_CLOEXEC},
}

var moveFlags = symbols{
	{"MOVE_MOUNT_F_EMPTY_PATH", unix.MOVE_MOUNT_F_EMPTY_PATH}, {"MOVE_MOUNT_T_EMPTY_PATH", unix.MOVE_MOUNT_T_EMPTY_PATH},
}

var atFlags = symbols{
	{"AT_EMPTY_PATH", unix.AT_EMPTY_PATH}, {"AT_RECURSIVE", unix.AT_RECURSIVE}, {"AT_SYMLINK_NOFOLLOW", unix.AT_SYMLINK_NOFOLLOW},
	{"AT_REMOVEDIR", unix.AT_REMOVEDIR},
}

var cloneFlags = symbols{
	{"CLONE_PARENT", unix.CLONE_PARENT}, {"CLONE_PIDFD", unix.CLONE_PIDFD}, {"CLONE_INTO_CGROUP", unix.CLONE_INTO_CGROUP},
	{"CLONE_NEWUSER", unix.CLONE_NEWUSER}, {"CLONE_NEWNS", unix.CLONE_NEWNS}, {"CLONE_NEWPID", unix.CLONE_NEWPID}, {"CLONE_NEWNET", unix.CLONE_NEWNET},
	{"CLONE_NEWIPC", unix.CLONE_NEWIPC}, {"CLONE_NEWUTS", unix.CLONE_NEWUTS}, {"CLONE_NEWCGROUP", unix.CLONE_NEWCGROUP}, {"CLONE_NEWTIME", unix.CLONE_NEWTIME},
	{"SIGCHLD", uint64(unix.SIGCHLD)},
}

var closeRangeFlags = symbols{{"CLOSE_RANGE_CLOEXEC", unix.CLOSE_RANGE_CLOEXEC}, {"CLOSE_RANGE_UNSHARE", unix.CLOSE_RANGE_UNSHARE}}

var waitFlags = symbols{{"WNOHANG", unix.WNOHANG}, {"__WALL", unix.WALL}}

var maskActions = symbols{{"SIG_SETMASK", unix.SIG_SETMASK}, {"SIG_BLOCK", unix.SIG_BLOCK}, {"SIG_UNBLOCK", unix.SIG_UNBLOCK}}

var ioctls = symbols{{"SIOCSIFFLAGS", unix.SIOCSIFFLAGS}}

// fcntls are the commands that take no pointer.
var fcntls = symbols{{"F_DUPFD_CLOEXEC", unix.F_DUPFD_CLOEXEC}, {"F_DUPFD", unix.F_DUPFD}, {"F_SETFD", unix.F_SETFD}, {"F_GETFD", unix.F_GETFD}}

var families = symbols{{"AF_INET", unix.AF_INET}, {"AF_UNIX", unix.AF_UNIX}}

var socketTypes = symbols{{"SOCK_CLOEXEC", unix.SOCK_CLOEXEC}, {"SOCK_SEQPACKET", unix.SOCK_SEQPACKET}, {"SOCK_DGRAM", unix.SOCK_DGRAM}}

var receiveFlags = symbols{{"MSG_CMSG_CLOEXEC", unix.MSG_CMSG_CLOEXEC}}

var clocks = symbols{{"CLOCK_REALTIME", unix.CLOCK_REALTIME}, {"CLOCK_MONOTONIC", unix.CLOCK_MONOTONIC}, {"CLOCK_BOOTTIME", unix.CLOCK_BOOTTIME}}

var keyctls = symbols{{"KEYCTL_GET_KEYRING_ID", unix.KEYCTL_GET_KEYRING_ID}, {"KEYCTL_JOIN_SESSION_KEYRING", unix.KEYCTL_JOIN_SESSION_KEYRING}}

var futexOps = symbols{{"FUTEX_CMP_REQUEUE_PRIVATE", futexCmpRequeue | futexPrivate}}

var seccompOps = symbols{{"SECCOMP_SET_MODE_FILTER", seccompSetModeFilter}}

var seccompFlags = symbols{{"SECCOMP_FILTER_FLAG_NEW_LISTENER", unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}, {"SECCOMP_FILTER_FLAG_LOG", unix.SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV}}

var landlockRules = symbols{{"LANDLOCK_RULE_PATH_BENEATH", unix.LANDLOCK_RULE_PATH_BENEATH}}

var landlockAccess = symbols{
	{"EXECUTE", unix.LANDLOCK_ACCESS_FS_EXECUTE}, {"WRITE_FILE", unix.LANDLOCK_ACCESS_FS_WRITE_FILE}, {"READ_FILE", unix.LANDLOCK_ACCESS_FS_READ_FILE},
	{"READ_DIR", unix.LANDLOCK_ACCESS_FS_READ_DIR}, {"REMOVE_DIR", unix.LANDLOCK_ACCESS_FS_REMOVE_DIR}, {"REMOVE_FILE", unix.LANDLOCK_ACCESS_FS_REMOVE_FILE},
	{"MAKE_CHAR", unix.LANDLOCK_ACCESS_FS_MAKE_CHAR}, {"MAKE_DIR", unix.LANDLOCK_ACCESS_FS_MAKE_DIR}, {"MAKE_REG", unix.LANDLOCK_ACCESS_FS_MAKE_REG},
	{"MAKE_SOCK", unix.LANDLOCK_ACCESS_FS_MAKE_SOCK}, {"MAKE_FIFO", unix.LANDLOCK_ACCESS_FS_MAKE_FIFO}, {"MAKE_BLOCK", unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK},
	{"MAKE_SYM", unix.LANDLOCK_ACCESS_FS_MAKE_SYM}, {"REFER", unix.LANDLOCK_ACCESS_FS_REFER}, {"TRUNCATE", unix.LANDLOCK_ACCESS_FS_TRUNCATE}, {"IOCTL_DEV", unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
	{"RESOLVE_UNIX", unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX},
}

var landlockScopes = symbols{{"ABSTRACT_UNIX_SOCKET", 1}, {"SIGNAL", 2}}

// prctls are the options that a tape may give. But for PR_SET_NAME none takes a
// pointer.
var prctls = symbols{
	{"PR_SET_NAME", unix.PR_SET_NAME}, {"PR_SET_TIMERSLACK", unix.PR_SET_TIMERSLACK}, {"PR_SET_PDEATHSIG", unix.PR_SET_PDEATHSIG}, {"PR_SET_DUMPABLE", unix.PR_SET_DUMPABLE}, {"PR_GET_DUMPABLE", unix.PR_GET_DUMPABLE}, {"PR_GET_SECCOMP", unix.PR_GET_SECCOMP},
	{"PR_CAPBSET_READ", unix.PR_CAPBSET_READ}, {"PR_CAPBSET_DROP", unix.PR_CAPBSET_DROP}, {"PR_GET_SECUREBITS", unix.PR_GET_SECUREBITS},
	{"PR_SET_SECUREBITS", unix.PR_SET_SECUREBITS}, {"PR_SET_NO_NEW_PRIVS", unix.PR_SET_NO_NEW_PRIVS}, {"PR_GET_NO_NEW_PRIVS", unix.PR_GET_NO_NEW_PRIVS},
	{"PR_CAP_AMBIENT", unix.PR_CAP_AMBIENT}, {"PR_GET_SPECULATION_CTRL", unix.PR_GET_SPECULATION_CTRL}, {"PR_SET_SPECULATION_CTRL", unix.PR_SET_SPECULATION_CTRL},
	{"PR_SCHED_CORE", unix.PR_SCHED_CORE}, {"PR_SET_CHILD_SUBREAPER", unix.PR_SET_CHILD_SUBREAPER}, {"PR_SET_MDWE", prSetMDWE}, {"PR_GET_MDWE", prGetMDWE},
}

var capabilities = symbols{
	{"CAP_CHOWN", 0}, {"CAP_DAC_OVERRIDE", 1}, {"CAP_DAC_READ_SEARCH", 2}, {"CAP_FOWNER", 3}, {"CAP_FSETID", 4}, {"CAP_KILL", 5}, {"CAP_SETGID", 6}, {"CAP_SETUID", 7},
	{"CAP_SETPCAP", 8}, {"CAP_LINUX_IMMUTABLE", 9}, {"CAP_NET_BIND_SERVICE", 10}, {"CAP_NET_BROADCAST", 11}, {"CAP_NET_ADMIN", 12}, {"CAP_NET_RAW", 13}, {"CAP_IPC_LOCK", 14},
	{"CAP_IPC_OWNER", 15}, {"CAP_SYS_MODULE", 16}, {"CAP_SYS_RAWIO", 17}, {"CAP_SYS_CHROOT", 18}, {"CAP_SYS_PTRACE", 19}, {"CAP_SYS_PACCT", 20}, {"CAP_SYS_ADMIN", 21},
	{"CAP_SYS_BOOT", 22}, {"CAP_SYS_NICE", 23}, {"CAP_SYS_RESOURCE", 24}, {"CAP_SYS_TIME", 25}, {"CAP_SYS_TTY_CONFIG", 26}, {"CAP_MKNOD", 27}, {"CAP_LEASE", 28},
	{"CAP_AUDIT_WRITE", 29}, {"CAP_AUDIT_CONTROL", 30}, {"CAP_SETFCAP", 31}, {"CAP_MAC_OVERRIDE", 32}, {"CAP_MAC_ADMIN", 33}, {"CAP_SYSLOG", 34}, {"CAP_WAKE_ALARM", 35},
	{"CAP_BLOCK_SUSPEND", 36}, {"CAP_AUDIT_READ", 37}, {"CAP_PERFMON", 38}, {"CAP_BPF", 39}, {"CAP_CHECKPOINT_RESTORE", 40},
}

var rlimitNames = symbols{
	{"RLIMIT_CPU", 0}, {"RLIMIT_FSIZE", 1}, {"RLIMIT_DATA", 2}, {"RLIMIT_STACK", 3}, {"RLIMIT_CORE", 4}, {"RLIMIT_RSS", 5}, {"RLIMIT_NPROC", 6}, {"RLIMIT_NOFILE", 7},
	{"RLIMIT_MEMLOCK", 8}, {"RLIMIT_AS", 9}, {"RLIMIT_LOCKS", 10}, {"RLIMIT_SIGPENDING", 11}, {"RLIMIT_MSGQUEUE", 12}, {"RLIMIT_NICE", 13}, {"RLIMIT_RTPRIO", 14}, {"RLIMIT_RTTIME", 15},
}

var pollEvents = symbols{{"POLLRDHUP", unix.POLLRDHUP}, {"POLLIN", unix.POLLIN}, {"POLLOUT", unix.POLLOUT}}

var signals = symbols{
	{"SIGHUP", 1}, {"SIGINT", 2}, {"SIGQUIT", 3}, {"SIGILL", 4}, {"SIGTRAP", 5}, {"SIGABRT", 6}, {"SIGBUS", 7}, {"SIGFPE", 8}, {"SIGKILL", 9}, {"SIGUSR1", 10}, {"SIGSEGV", 11},
	{"SIGUSR2", 12}, {"SIGPIPE", 13}, {"SIGALRM", 14}, {"SIGTERM", 15}, {"SIGSTKFLT", 16}, {"SIGCHLD", 17}, {"SIGCONT", 18}, {"SIGSTOP", 19}, {"SIGTSTP", 20}, {"SIGTTIN", 21},
	{"SIGTTOU", 22}, {"SIGURG", 23}, {"SIGXCPU", 24}, {"SIGXFSZ", 25}, {"SIGVTALRM", 26}, {"SIGPROF", 27}, {"SIGWINCH", 28}, {"SIGIO", 29}, {"SIGPWR", 30}, {"SIGSYS", 31},
}
