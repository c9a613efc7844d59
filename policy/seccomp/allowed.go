package seccomp

import "golang.org/x/sys/unix"

// allowed are the calls that ordinary programs live on. Checks narrow some of
// them by argument; one is counted.
var allowed = []Group{
	{
		Name: "memory", Why: "the program's own address space, bounded by the jail's memory limit; executable mappings serve just-in-time compilers",
		Answer: Action{Kind: KindAllow},
		Calls: []string{
			"brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "mincore", "msync",
			"mlock", "mlock2", "munlock", "mlockall", "munlockall", "membarrier", "mseal",
			"pkey_alloc", "pkey_free", "pkey_mprotect", "memfd_create", "map_shadow_stack",
		},
	},
	{
		Name: "files", Why: "files by path and descriptor; what can be reached is the view's business, not the filter's",
		Answer: Action{Kind: KindAllow},
		Calls: []string{
			"open", "openat", "openat2", "creat", "close", "close_range", "mknod", "mknodat",
			"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2",
			"stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs",
			"access", "faccessat", "faccessat2", "getdents", "getdents64", "lseek",
			"truncate", "ftruncate", "fallocate", "rename", "renameat", "renameat2",
			"link", "linkat", "unlink", "unlinkat", "symlink", "symlinkat", "readlink", "readlinkat",
			"mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "fchmodat2",
			"chown", "fchown", "lchown", "fchownat", "utime", "utimes", "futimesat", "utimensat",
			"getcwd", "chdir", "fchdir", "umask", "dup", "dup2", "dup3", "fcntl", "flock",
			"fsync", "fdatasync", "syncfs", "sync_file_range",
			"sendfile", "splice", "tee", "copy_file_range", "readahead", "fadvise64",
			"setxattr", "lsetxattr", "fsetxattr", "getxattr", "lgetxattr", "fgetxattr",
			"listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr", "fremovexattr",
		},
	},
	{
		Name: "processes", Why: "processes, threads and signals, which end at the jail's pid namespace and pids limit",
		Answer: Action{Kind: KindAllow},
		Calls: []string{
			"clone", "fork", "vfork", "unshare", "execve", "execveat", "exit", "exit_group", "wait4", "waitid",
			"kill", "tkill", "tgkill", "pidfd_open", "pidfd_send_signal", "pause", "restart_syscall",
			"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait",
			"rt_sigqueueinfo", "rt_tgsigqueueinfo", "rt_sigsuspend", "sigaltstack",
			"getpid", "getppid", "gettid", "getpgid", "getpgrp", "getsid", "setpgid", "setsid",
			"getpriority", "setpriority", "getrlimit", "setrlimit", "prlimit64", "getrusage",
			"rseq", "set_robust_list", "get_robust_list", "set_tid_address", "arch_prctl", "prctl", "personality",
			"futex", "futex_waitv", "futex_wake", "futex_wait", "futex_requeue",
			"sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_setparam",
			"sched_getscheduler", "sched_setscheduler", "sched_getattr",
			"sched_get_priority_max", "sched_get_priority_min", "sched_rr_get_interval",
			"ioprio_get", "ioprio_set",
		},
	},
	{
		Name: "time", Why: "reads clocks and sets timers of its own",
		Answer: Action{Kind: KindAllow},
		Calls: []string{
			"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times",
			"timer_create", "timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete",
			"timerfd_create", "timerfd_settime", "timerfd_gettime", "getitimer", "setitimer", "alarm",
		},
	},
	{
		Name: "io", Why: "waits for descriptors and makes anonymous ones",
		Answer: Action{Kind: KindAllow},
		Calls: []string{
			"poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
			"epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "signalfd", "signalfd4",
			"inotify_init", "inotify_init1", "inotify_add_watch", "inotify_rm_watch", "pipe", "pipe2", "ioctl",
		},
	},
	{
		Name: "ipc", Why: "System V and POSIX queues, which live and die with the jail's ipc namespace",
		Answer: Action{Kind: KindAllow},
		Calls: []string{
			"shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semctl", "semtimedop",
			"msgget", "msgsnd", "msgrcv", "msgctl",
			"mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr",
		},
	},
	{
		Name: "net", Why: "sockets of the listed families, inside the jail's own network namespace",
		Answer: Action{Kind: KindAllow},
		Calls: []string{
			"socket", "socketpair", "bind", "connect", "accept", "accept4", "getsockname", "getpeername",
			"setsockopt", "getsockopt", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "shutdown",
		},
	},
	{
		Name: "listeners", Why: "what is sent over a TCP connection that nobody has accepted counts as no group's memory, and a listener has thousands of them",
		Fix:    "close listeners after use",
		Answer: Action{Kind: KindBudget, Errno: unix.ENOBUFS, Most: 64, Alone: unix.EOPNOTSUPP},
		Calls:  []string{"listen"},
	},
	{
		Name: "ids", Why: "harmless without capabilities, and shells call them",
		Answer: Action{Kind: KindAllow},
		Calls: []string{
			"getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups",
			"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups",
		},
	},
	{
		Name: "confinement", Why: "a program may confine itself further; it can never widen what is in force",
		Answer: Action{Kind: KindAllow},
		Calls:  []string{"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp"},
	},
	{
		Name: "info", Why: "facts that the jail's own namespaces answer, and random numbers",
		Answer: Action{Kind: KindAllow},
		Calls:  []string{"uname", "sysinfo", "getrandom", "getcpu", "capget"},
	},
}
