package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// SupervisorRules are for a supervisor that has launched its one jail: it watches,
// reads, writes and kills, and starts nothing any more. Whoever takes it over by way
// of what a program makes it read finds no program to run, no mount to make, no
// other process to write to and no network to talk to. The copy is the caller's.
func SupervisorRules() *Rules {
	return &Rules{
		Groups:  presentGroups(slices.Clone(supervisorRefused)),
		Checks:  presentChecks(slices.Clone(supervisorChecks)),
		Default: Allow(),
		Foreign: Kill(),
	}
}

var refuse = Action{Kind: KindErrno, Errno: unix.EPERM}

var supervisorRefused = []Group{
	{
		Name: "execute", Why: "its program is started", Answer: refuse,
		Calls: []string{"execve", "execveat"},
	},
	{
		Name: "mount", Why: "its program's view is complete", Answer: refuse,
		Calls: []string{
			"mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "mount_setattr",
			"open_tree", "open_tree_attr", "open_by_handle_at", "quotactl", "quotactl_fd",
		},
	},
	{
		Name: "trace", Why: "it reads of its program's memory, and writes to none", Answer: refuse,
		Calls: []string{"ptrace", "process_vm_writev", "pidfd_getfd"},
	},
	{
		Name: "kernel", Why: "it changes nothing of the host's kernel", Answer: refuse,
		Calls: []string{
			"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "iopl", "ioperm",
			"bpf", "perf_event_open", "add_key", "request_key", "keyctl", "userfaultfd", "syslog", "acct", "sethostname", "setdomainname",
			"clock_settime", "settimeofday", "adjtimex", "clock_adjtime", "io_uring_setup", "io_uring_enter", "io_uring_register",
		},
	},
	{
		Name: "identity", Why: "it is who it is; ids for files alone are asked for by --explain", Answer: refuse,
		Calls: []string{"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "capset", "personality", "setns"},
	},
	{
		Name: "threads", Why: "its runtime starts threads", Answer: Allow(),
		Calls: []string{"clone", "unshare"},
	},
	{
		Name: "clone3", Why: "its flags lie behind a pointer; its runtime takes clone", Answer: Errno(unix.ENOSYS),
		Calls: []string{"clone3"},
	},
	{
		Name: "sockets", Why: "leases are Unix sockets", Answer: Allow(),
		Calls: []string{"socket"},
	},
}

var supervisorChecks = []Check{
	{
		Call: "clone", Words: "flags have any CLONE_NEW*", Why: "its program has its namespaces",
		When:   []Arg{{Index: 0, Mask: newNamespace, Values: []uint64{0}, Not: true}},
		Answer: refuse,
	},
	{
		Call: "unshare", Words: "flags have any CLONE_NEW*", Why: "its program has its namespaces",
		When:   []Arg{{Index: 0, Mask: newNamespace | unix.CLONE_NEWTIME, Values: []uint64{0}, Not: true}},
		Answer: refuse,
	},
	{
		Call: "socket", Words: "family is not AF_UNIX", Why: "it talks to nobody outside of the host",
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.AF_UNIX}, Not: true}},
		Answer: refuse,
	},
}
