package layer

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wall is one step by which the unpacker shuts itself in.
type wall struct {
	name     string
	required bool // without it nothing is unpacked
	raise    func(folder int) error
}

// walls stand in the order in which each leaves what the next needs: mounts are made
// before Landlock forbids them, and before the capability for them is gone.
var walls = [...]wall{
	{"limits", true, func(int) error { return bound() }},
	{"namespaces", true, func(int) error { return emptyRoot() }},
	{"capabilities", true, func(int) error { return dropCapabilities() }},
	{"no_new_privs", true, func(int) error { return prctl(unix.PR_SET_NO_NEW_PRIVS, 1) }},
	{"landlock", false, confineTo}, // kernels before 5.19 have none that lets files be linked
}

// raise raises all walls, and names those that stand.
func raise(folder int, without bool) (stand []string, err error) {
	for _, w := range walls {
		err := w.raise(folder)
		switch {
		case err == nil:
			stand = append(stand, w.name)
		case w.required && !without:
			return nil, &Error{Op: confining, Object: "the unpacker", Err: caused{ErrNoWalls, err}, Hint: "its wall " + w.name + ` can't stand: "jail doctor" says what the host lacks`}
		}
	}
	return stand, nil
}

// bound leaves no dump of what is unpacked, and few descriptors.
func bound() error {
	const files = 64
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: files})
}

// emptyRoot leaves nothing of the host's files to be named. The layer's folder stays
// open by its descriptor.
func emptyRoot() error {
	if os.Getpid() != 1 {
		return unix.EPERM // no namespaces are there
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	at := someFolder()
	if err := unix.Mount("none", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_RDONLY, "size=4k,nr_inodes=2"); err != nil {
		return err
	}
	if err := unix.Chdir(at); err != nil {
		return err
	}
	// The new root over the old one, which is then let go: pivot_root(2), NOTES.
	if err := unix.PivotRoot(".", "."); err != nil {
		return err
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return unix.Chdir("/")
}

// someFolder is one that a root folder has, to mount at.
func someFolder() string {
	for _, dir := range [...]string{"/proc", "/tmp", "/usr", "/dev"} {
		var st unix.Stat_t
		if unix.Stat(dir, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			return dir
		}
	}
	return "/etc"
}

// kept are the capabilities that the unpacker has over files whose owners its user
// namespace maps: to give them away, to go through folders that their owner can't,
// to set modes and times of what it has given away, and a folder's set-gid.
const kept = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_FOWNER | 1<<unix.CAP_FSETID

// dropCapabilities drops all others, also from what could be gained again.
func dropCapabilities() error {
	const most = 63
	for c := uintptr(0); c <= most; c++ {
		if kept>>c&1 == 1 {
			continue
		}
		err := prctl(unix.PR_CAPBSET_DROP, c)
		if errors.Is(err, unix.EINVAL) {
			break // the kernel has no more
		}
		if err != nil {
			return err
		}
	}
	head := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := &[2]unix.CapUserData{{Effective: kept, Permitted: kept}}
	err := allThreads(unix.SYS_CAPSET, uintptr(unsafe.Pointer(head)), uintptr(unsafe.Pointer(&data[0])), 0) // #nosec G103 -- two structs of the kernel's
	runtime.KeepAlive(head)
	runtime.KeepAlive(data)
	return err
}

func prctl(what, arg uintptr) error { return allThreads(unix.SYS_PRCTL, what, arg, 0) }

// allThreads makes a system call whose effect is on one thread in each of them. A
// program with cgo can't (ENOTSUP).
func allThreads(call, a, b, c uintptr) error {
	if _, _, err := syscall.AllThreadsSyscall6(call, a, b, c, 0, 0, 0); err != 0 {
		return err
	}
	return nil
}
