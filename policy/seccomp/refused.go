package seccomp

import "golang.org/x/sys/unix"

// suspicious are calls that no ordinary program makes and that exploits begin
// with. They are refused like any other, and the listener hears of them.
var suspicious = []Group{
	{
		Name: "mount", Why: "changes what the jail sees of the file system; the view is complete before the program starts",
		Fix:    "add what the program needs with --ro, --rw or --tmpfs",
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
		Calls: []string{"mount", "umount2", "pivot_root", "chroot"},
	},
	{
		Name: "mount-api", Why: "the newer way to mount, which reached kernel bugs from user namespaces (CVE-2022-0185, CVE-2021-41133)",
		Fix:    "add what the program needs with --ro, --rw or --tmpfs",
		Answer: Action{Kind: KindNotify, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "mount_setattr", "open_tree", "open_tree_attr"},
	},
	{
		Name: "namespaces", Why: "enters another namespace; a new user namespace is the door to most kernel exploits",
		Fix:    fixNamespace,
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
		Calls: []string{"setns"},
	},
	{
		Name: "trace", Why: "reads and writes other processes' memory, around every other check",
		Fix:    "debug the program outside of the jail",
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
		Calls: []string{"ptrace", "process_vm_readv", "process_vm_writev"},
	},
	{
		Name: "descriptor-theft", Why: "takes descriptors out of another process",
		Fix:    "pass descriptors over a Unix socket",
		Answer: Action{Kind: KindNotify, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"pidfd_getfd"},
	},
	{
		Name: "modules", Why: "loads code into the kernel",
		Fix:    "nothing allows it: load the module on the host beforehand",
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
		Calls: []string{"init_module", "finit_module", "delete_module"},
	},
	{
		Name: "reboot", Why: "replaces or stops the host's kernel",
		Fix:    "nothing allows it: let the program exit instead",
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
		Calls: []string{"kexec_load", "kexec_file_load", "reboot"},
	},
	{
		Name: "swap", Why: "changes the host's swap",
		Fix:    "nothing allows it: give the jail swap by --swap",
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
		Calls: []string{"swapon", "swapoff"},
	},
	{
		Name: "ports", Why: "gives a process the host's I/O ports",
		Fix:    "nothing allows it: run what drives hardware outside of the jail",
		Answer: Action{Kind: KindNotify, Errno: unix.EPERM}, Fixed: true,
		Calls: []string{"iopl", "ioperm"},
	},
	{
		Name: "bpf", Why: "runs programs in the kernel; its verifier and its events were broken often (CVE-2021-3490, CVE-2023-2163, CVE-2013-2094, CVE-2022-1729)",
		Fix:    "profile the program outside of the jail",
		Answer: Action{Kind: KindNotify, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"bpf", "perf_event_open"},
	},
	{
		Name: "keyring", Why: "keyrings are in no namespace: a channel between jails, and a kernel attack surface (CVE-2016-0728)",
		Fix:    "nothing allows it: keep keys in memory, or in a file in /tmp",
		Answer: Action{Kind: KindNotify, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"add_key", "request_key", "keyctl"},
	},
	{
		Name: "userfaultfd", Why: "stops the kernel in the middle of a copy, which makes its races easy to win",
		Fix:    "nothing allows it: use the program's mode without it",
		Answer: Action{Kind: KindNotify, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"userfaultfd"},
	},
	{
		Name: "handle-open", Why: "opens files by inode number, past every path rule (CVE-2014-9357)",
		Fix:    "nothing allows it: open the file by its path",
		Answer: Action{Kind: KindNotify, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"open_by_handle_at"},
	},
}

// refused are calls that programs make in good faith and that they expect to be
// refused without privilege.
var refused = []Group{
	{
		Name: "introspection", Why: "reads state of the kernel or of other processes: pointers' order, the kernel's log",
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM}, Fixed: true,
		Calls: []string{"kcmp", "syslog"},
	},
	{
		Name: "host-name", Why: "the jail's name is the policy's",
		Fix:    "set the policy's hostname",
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
		Calls:  []string{"sethostname", "setdomainname"},
	},
	{
		Name: "clock", Why: "sets the host's clock; a query by adjtimex is refused too, since a filter can't read its struct",
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
		Calls:  []string{"clock_settime", "settimeofday", "adjtimex", "clock_adjtime"},
	},
	{
		Name: "accounting", Why: "changes the host's quotas and process accounting",
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
		Calls:  []string{"quotactl", "acct"},
	},
	{
		Name: "real-time", Why: "may ask for a real-time class, which starves the host; a filter can't read its struct",
		Fix:    "use sched_setscheduler with SCHED_OTHER, SCHED_BATCH or SCHED_IDLE",
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
		Calls:  []string{"sched_setattr"},
	},
}

// ignored are calls that tell nothing of what they did, and that programs make
// as a matter of form.
var ignored = []Group{
	{
		Name: "sync", Why: "writes out the whole host's files, and waits for its slowest disk; nothing of the jail outlives it but what is shared",
		Fix:    "use fsync or syncfs for a file that must last",
		Answer: Action{Kind: KindIgnore},
		Calls:  []string{"sync"},
	},
}

// absent are calls for which the jail plays an older kernel, so that libraries
// take their other way.
var absent = []Group{
	{
		Name: "clone3", Why: "its flags lie behind a pointer, where a filter can't see a new namespace; libc falls back to clone",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"clone3"},
	},
	{
		Name: "io_uring", Why: "makes calls that no filter sees, and was broken often (CVE-2022-29582, CVE-2023-2598)",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"io_uring_setup", "io_uring_enter", "io_uring_register"},
	},
	{
		Name: "aio", Why: "kernel AIO: rarely used, and a wide surface",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS},
		Calls:  []string{"io_setup", "io_destroy", "io_submit", "io_cancel", "io_getevents", "io_pgetevents"},
	},
	{
		Name: "numa", Why: "moves pages between nodes, which tells where other jails' pages lie",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS},
		Calls:  []string{"mbind", "set_mempolicy", "get_mempolicy", "set_mempolicy_home_node"},
	},
	{
		Name: "numa-others", Why: "moves other processes' pages between nodes, which tells where they lie",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"migrate_pages", "move_pages"},
	},
	{
		Name: "foreign-memory", Why: "advises on or reaps the memory of other processes",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"process_madvise", "process_mrelease"},
	},
	{
		Name: "page-tricks", Why: "gives user pages to pipes (variants of CVE-2022-0847), or hides them from the host",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"vmsplice", "memfd_secret"},
	},
	{
		Name: "segments", Why: "16-bit segments: only exploits and emulators of old systems use them",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"modify_ldt", "set_thread_area", "get_thread_area"},
	},
	{
		Name: "page-cache", Why: "tells which pages of a shared file others have read",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS},
		Calls:  []string{"cachestat"},
	},
	{
		Name: "handles", Why: "names files by inode number, half of a way around paths",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"name_to_handle_at"},
	},
	{
		Name: "mount-info", Why: "lists mounts and namespaces by number, past the view of /proc",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"statmount", "listmount", "listns"},
	},
	{
		Name: "superblocks", Why: "tells how full any mounted file system is, other jails' among them, by device number alone",
		Fix:    "use statfs",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"ustat"},
	},
	{
		Name: "fanotify", Why: "watches whole mounts",
		Fix:    "use inotify",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{"fanotify_init", "fanotify_mark"},
	},
	{
		Name: "privilege", Why: "sets capabilities, security labels, quotas or terminals' sessions: the program has no right to any",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS},
		Calls:  []string{"capset", "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules", "quotactl_fd", "vhangup"},
	},
	{
		Name: "too-new", Why: "newer than the libraries that could need it, and not yet reviewed",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS}, Fixed: true,
		Calls: []string{
			"setxattrat", "getxattrat", "listxattrat", "removexattrat",
			"file_getattr", "file_setattr", "rseq_slice_yield",
		},
	},
	{
		Name: "obsolete", Why: "removed from the kernel, never in it, or kept for programs of another age",
		Answer: Action{Kind: KindErrno, Errno: unix.ENOSYS},
		Calls: []string{
			"uselib", "_sysctl", "create_module", "query_module", "get_kernel_syms", "nfsservctl",
			"getpmsg", "putpmsg", "afs_syscall", "tuxcall", "security", "vserver",
			"epoll_ctl_old", "epoll_wait_old", "lookup_dcookie", "sysfs", "remap_file_pages",
			"uretprobe", "uprobe",
		},
	},
}
