package layer

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// allowed is all that unpacking takes, in the folder and below.
const allowed = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR |
	unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
	unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_REFER | unix.LANDLOCK_ACCESS_FS_TRUNCATE

// What each version of Landlock can forbid: landlock(7), "VERSIONS".
var landlockVersions = [...]struct {
	abi                uintptr
	files, net, scopes uint64
}{
	{9, unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX<<1 - 1, tcp, scopes},
	{6, unix.LANDLOCK_ACCESS_FS_IOCTL_DEV<<1 - 1, tcp, scopes},
	{5, unix.LANDLOCK_ACCESS_FS_IOCTL_DEV<<1 - 1, tcp, 0},
	{4, unix.LANDLOCK_ACCESS_FS_TRUNCATE<<1 - 1, tcp, 0},
	{3, unix.LANDLOCK_ACCESS_FS_TRUNCATE<<1 - 1, 0, 0},
	{2, unix.LANDLOCK_ACCESS_FS_REFER<<1 - 1, 0, 0},
}

const (
	tcp    = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	scopes = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
)

// rulesetSize is that of the part of struct landlock_ruleset_attr that these versions
// fill in.
const rulesetSize = 24

// confineTo leaves the unpacker the folder alone. The first version let no file be
// linked into another folder, and is not taken.
func confineTo(folder int) error {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return errno
	}
	for _, v := range landlockVersions {
		if abi >= v.abi {
			return enforce(folder, &unix.LandlockRulesetAttr{Handled_access_fs: v.files, Handled_access_net: v.net, Scoped: v.scopes})
		}
	}
	return unix.EOPNOTSUPP
}

func enforce(folder int, attr *unix.LandlockRulesetAttr) error {
	rules, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(attr)), rulesetSize, 0) // #nosec G103 -- a struct of the kernel's
	runtime.KeepAlive(attr)
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(rules))
	beneath := &unix.LandlockPathBeneathAttr{Allowed_access: allowed & attr.Handled_access_fs, Parent_fd: int32(folder)}                       // #nosec G115 -- a descriptor
	_, _, errno = unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, rules, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(beneath)), 0, 0, 0) // #nosec G103 -- as above
	runtime.KeepAlive(beneath)
	if errno != 0 {
		return errno
	}
	return allThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, rules, 0, 0)
}
