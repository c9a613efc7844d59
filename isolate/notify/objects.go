package notify

import "golang.org/x/sys/unix"

// form is how an argument is shown.
type form uint8

const (
	path   form = iota // a string in the caller's memory
	flags              // names of bits
	choice             // the name of a value
	number             // an int
	folder             // a descriptor, or AT_FDCWD
	event              // the type and config of a struct perf_event_attr in the caller's memory
)

// shown is one argument of a call that an Object tells.
type shown struct {
	label string
	arg   int
	as    form
	names []named
}

type named struct {
	value uint64
	name  string
}

// objects says what is told of which call. The rest shows as its arguments do.
var objects = [...]struct {
	call string
	args []shown
}{
	{"mount", []shown{{"source", 0, path, nil}, {"target", 1, path, nil}, {"type", 2, path, nil}, {"flags", 3, flags, mountFlags}}},
	{"umount2", []shown{{"target", 0, path, nil}, {"flags", 1, flags, umountFlags}}},
	{"pivot_root", []shown{{"new", 0, path, nil}, {"old", 1, path, nil}}},
	{"chroot", []shown{{"path", 0, path, nil}}},
	{"fsopen", []shown{{"type", 0, path, nil}, {"flags", 1, flags, nil}}},
	{"fsconfig", []shown{{"fd", 0, number, nil}, {"command", 1, choice, fsconfigCommands}, {"key", 2, path, nil}}},
	{"fsmount", []shown{{"fd", 0, number, nil}, {"flags", 1, flags, nil}, {"attributes", 2, flags, mountAttributes}}},
	{"fspick", []shown{{"folder", 0, folder, nil}, {"path", 1, path, nil}, {"flags", 2, flags, nil}}},
	{"move_mount", []shown{{"from_folder", 0, folder, nil}, {"from", 1, path, nil}, {"to_folder", 2, folder, nil}, {"to", 3, path, nil}}},
	{"mount_setattr", []shown{{"folder", 0, folder, nil}, {"path", 1, path, nil}, {"flags", 2, flags, atFlags}}},
	{"open_tree", []shown{{"folder", 0, folder, nil}, {"path", 1, path, nil}, {"flags", 2, flags, treeFlags}}},
	{"open_tree_attr", []shown{{"folder", 0, folder, nil}, {"path", 1, path, nil}, {"flags", 2, flags, treeFlags}}},
	{"swapon", []shown{{"path", 0, path, nil}}},
	{"swapoff", []shown{{"path", 0, path, nil}}},
	{"acct", []shown{{"path", 0, path, nil}}},
	{"mknod", []shown{{"path", 0, path, nil}}},
	{"mknodat", []shown{{"path", 1, path, nil}}},
	{"unshare", []shown{{"flags", 0, flags, namespaces}}},
	{"clone", []shown{{"flags", 0, flags, namespaces}}},
	{"setns", []shown{{"fd", 0, number, nil}, {"flags", 1, flags, namespaces}}},
	{"ptrace", []shown{{"request", 0, choice, ptraceRequests}, {"pid", 1, number, nil}}},
	{"process_vm_readv", []shown{{"pid", 0, number, nil}}},
	{"process_vm_writev", []shown{{"pid", 0, number, nil}}},
	{"pidfd_getfd", []shown{{"pidfd", 0, number, nil}, {"fd", 1, number, nil}}},
	{"init_module", []shown{{"parameters", 2, path, nil}}},
	{"finit_module", []shown{{"fd", 0, number, nil}, {"parameters", 1, path, nil}, {"flags", 2, flags, nil}}},
	{"delete_module", []shown{{"name", 0, path, nil}, {"flags", 1, flags, nil}}},
	{"kexec_load", []shown{{"segments", 1, number, nil}, {"flags", 3, flags, nil}}},
	{"kexec_file_load", []shown{{"kernel", 0, number, nil}, {"initrd", 1, number, nil}, {"command_line", 3, path, nil}}},
	{"reboot", []shown{{"command", 2, choice, rebootCommands}}},
	{"iopl", []shown{{"level", 0, number, nil}}},
	{"ioperm", []shown{{"from", 0, number, nil}, {"ports", 1, number, nil}, {"on", 2, number, nil}}},
	{"keyctl", []shown{{"operation", 0, choice, keyOperations}}},
	{"add_key", []shown{{"type", 0, path, nil}, {"description", 1, path, nil}}},
	{"request_key", []shown{{"type", 0, path, nil}, {"description", 1, path, nil}}},
	{"bpf", []shown{{"command", 0, choice, bpfCommands}}},
	{"perf_event_open", []shown{{"event", 0, event, nil}, {"pid", 1, number, nil}, {"cpu", 2, number, nil}}},
	{"userfaultfd", []shown{{"flags", 0, flags, userfaultFlags}}},
	{"open_by_handle_at", []shown{{"mount", 0, folder, nil}, {"flags", 2, flags, nil}}},
	{"ioctl", []shown{{"fd", 0, number, nil}, {"request", 1, choice, requests}}},
	{"prctl", []shown{{"option", 0, choice, prctlOptions}}},
	{"listen", []shown{{"fd", 0, number, nil}, {"backlog", 1, number, nil}}},
	{"socket", []shown{{"family", 0, choice, families}, {"type", 1, choice, socketTypes}, {"protocol", 2, number, nil}}},
}

var namespaces = []named{
	{unix.CLONE_NEWNS, "CLONE_NEWNS"}, {unix.CLONE_NEWCGROUP, "CLONE_NEWCGROUP"}, {unix.CLONE_NEWUTS, "CLONE_NEWUTS"},
	{unix.CLONE_NEWIPC, "CLONE_NEWIPC"}, {unix.CLONE_NEWUSER, "CLONE_NEWUSER"}, {unix.CLONE_NEWPID, "CLONE_NEWPID"},
	{unix.CLONE_NEWNET, "CLONE_NEWNET"}, {unix.CLONE_NEWTIME, "CLONE_NEWTIME"},
}

var mountFlags = []named{
	{unix.MS_RDONLY, "MS_RDONLY"}, {unix.MS_NOSUID, "MS_NOSUID"}, {unix.MS_NODEV, "MS_NODEV"}, {unix.MS_NOEXEC, "MS_NOEXEC"},
	{unix.MS_REMOUNT, "MS_REMOUNT"}, {unix.MS_BIND, "MS_BIND"}, {unix.MS_MOVE, "MS_MOVE"}, {unix.MS_REC, "MS_REC"},
	{unix.MS_PRIVATE, "MS_PRIVATE"}, {unix.MS_SLAVE, "MS_SLAVE"}, {unix.MS_SHARED, "MS_SHARED"},
	{unix.MS_UNBINDABLE, "MS_UNBINDABLE"}, {unix.MS_SILENT, "MS_SILENT"},
}

var umountFlags = []named{
	{unix.MNT_FORCE, "MNT_FORCE"}, {unix.MNT_DETACH, "MNT_DETACH"}, {unix.MNT_EXPIRE, "MNT_EXPIRE"}, {unix.UMOUNT_NOFOLLOW, "UMOUNT_NOFOLLOW"},
}

var mountAttributes = []named{
	{unix.MOUNT_ATTR_RDONLY, "MOUNT_ATTR_RDONLY"}, {unix.MOUNT_ATTR_NOSUID, "MOUNT_ATTR_NOSUID"},
	{unix.MOUNT_ATTR_NODEV, "MOUNT_ATTR_NODEV"}, {unix.MOUNT_ATTR_NOEXEC, "MOUNT_ATTR_NOEXEC"},
}

var atFlags = []named{
	{unix.AT_EMPTY_PATH, "AT_EMPTY_PATH"}, {unix.AT_RECURSIVE, "AT_RECURSIVE"}, {unix.AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
}

var treeFlags = []named{
	{unix.OPEN_TREE_CLONE, "OPEN_TREE_CLONE"}, {unix.OPEN_TREE_CLOEXEC, "OPEN_TREE_CLOEXEC"},
	{unix.AT_EMPTY_PATH, "AT_EMPTY_PATH"}, {unix.AT_RECURSIVE, "AT_RECURSIVE"},
}

// fsconfigCommands are enum fsconfig_command of linux/mount.h.
var fsconfigCommands = []named{
	{0, "FSCONFIG_SET_FLAG"}, {1, "FSCONFIG_SET_STRING"}, {2, "FSCONFIG_SET_BINARY"}, {3, "FSCONFIG_SET_PATH"},
	{4, "FSCONFIG_SET_PATH_EMPTY"}, {5, "FSCONFIG_SET_FD"}, {6, "FSCONFIG_CMD_CREATE"}, {7, "FSCONFIG_CMD_RECONFIGURE"},
}

var ptraceRequests = []named{
	{0, "PTRACE_TRACEME"}, {1, "PTRACE_PEEKTEXT"}, {2, "PTRACE_PEEKDATA"}, {4, "PTRACE_POKETEXT"}, {5, "PTRACE_POKEDATA"},
	{7, "PTRACE_CONT"}, {16, "PTRACE_ATTACH"}, {17, "PTRACE_DETACH"}, {24, "PTRACE_SYSCALL"}, {0x4206, "PTRACE_SEIZE"},
}

// rebootCommands are LINUX_REBOOT_CMD_* of linux/reboot.h.
var rebootCommands = []named{
	{0x01234567, "RESTART"}, {0xcdef0123, "HALT"}, {0x89abcdef, "CAD_ON"}, {0, "CAD_OFF"}, {0x4321fedc, "POWER_OFF"},
	{0xa1b2c3d4, "RESTART2"}, {0xd000fce2, "SW_SUSPEND"}, {0x45584543, "KEXEC"},
}

var keyOperations = []named{
	{0, "KEYCTL_GET_KEYRING_ID"}, {1, "KEYCTL_JOIN_SESSION_KEYRING"}, {2, "KEYCTL_UPDATE"}, {3, "KEYCTL_REVOKE"},
	{4, "KEYCTL_CHOWN"}, {5, "KEYCTL_SETPERM"}, {6, "KEYCTL_DESCRIBE"}, {7, "KEYCTL_CLEAR"}, {8, "KEYCTL_LINK"},
	{9, "KEYCTL_UNLINK"}, {10, "KEYCTL_SEARCH"}, {11, "KEYCTL_READ"}, {12, "KEYCTL_INSTANTIATE"},
}

var bpfCommands = []named{
	{0, "BPF_MAP_CREATE"}, {1, "BPF_MAP_LOOKUP_ELEM"}, {2, "BPF_MAP_UPDATE_ELEM"}, {5, "BPF_PROG_LOAD"},
	{6, "BPF_OBJ_PIN"}, {7, "BPF_OBJ_GET"}, {8, "BPF_PROG_ATTACH"}, {18, "BPF_BTF_LOAD"}, {28, "BPF_LINK_CREATE"},
}

// perfTypes are enum perf_type_id of linux/perf_event.h.
var perfTypes = []named{
	{0, "PERF_TYPE_HARDWARE"}, {1, "PERF_TYPE_SOFTWARE"}, {2, "PERF_TYPE_TRACEPOINT"}, {3, "PERF_TYPE_HW_CACHE"},
	{4, "PERF_TYPE_RAW"}, {5, "PERF_TYPE_BREAKPOINT"},
}

var userfaultFlags = []named{{1, "UFFD_USER_MODE_ONLY"}, {unix.O_CLOEXEC, "O_CLOEXEC"}, {unix.O_NONBLOCK, "O_NONBLOCK"}}

// requests are those of ioctl(2) that a filter tells of (ioctl_tty(2)).
var requests = []named{{unix.TIOCSTI, "TIOCSTI"}, {0x541c, "TIOCLINUX"}, {unix.TIOCSETD, "TIOCSETD"}, {0x541d, "TIOCCONS"}}

var prctlOptions = []named{
	{unix.PR_SET_SECCOMP, "PR_SET_SECCOMP"}, {unix.PR_SET_MM, "PR_SET_MM"}, {unix.PR_SET_PTRACER, "PR_SET_PTRACER"},
	{unix.PR_SET_SECUREBITS, "PR_SET_SECUREBITS"}, {unix.PR_CAP_AMBIENT, "PR_CAP_AMBIENT"},
	{unix.PR_SET_MEMORY_MERGE, "PR_SET_MEMORY_MERGE"},
}

var families = []named{
	{unix.AF_UNIX, "AF_UNIX"}, {unix.AF_INET, "AF_INET"}, {unix.AF_INET6, "AF_INET6"}, {unix.AF_NETLINK, "AF_NETLINK"},
	{unix.AF_PACKET, "AF_PACKET"}, {unix.AF_VSOCK, "AF_VSOCK"}, {unix.AF_ALG, "AF_ALG"}, {unix.AF_BLUETOOTH, "AF_BLUETOOTH"},
}

var socketTypes = []named{
	{unix.SOCK_STREAM, "SOCK_STREAM"}, {unix.SOCK_DGRAM, "SOCK_DGRAM"}, {unix.SOCK_RAW, "SOCK_RAW"}, {unix.SOCK_SEQPACKET, "SOCK_SEQPACKET"},
}
