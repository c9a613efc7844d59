package host

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// What to do about who is in the way, docs/containers.md.
const (
	MendFilter  = "start the container with --security-opt seccomp=contrib/seccomp/jail.json (docs/containers.md)"
	MendMasks   = "start the container with --security-opt unmask=/proc/* (podman), systempaths=unconfined (docker) or procMount: Unmasked (Kubernetes)"
	MendProfile = `load contrib/apparmor/jail, which has "userns,", or take jail out of that profile (docs/containers.md)`
	MendSetFCap = "start jail as an ordinary user (--user 1000), or leave it the capability SETFCAP"
)

// Around is what others have put around jail: a container engine, a service
// manager, a security module. A launch needs it only to say why it failed.
type Around struct {
	Filter   bool     // a filter of system calls is in force already
	Label    string   // what AppArmor says that we run under, as "jail (unconfined)"; "" for nothing
	Profile  string   // the profile's name, where it confines us
	Mediates bool     // the kernel's AppArmor asks profiles about user namespaces (Linux 6.7)
	Chroot   bool     // our root is no mount's, and who stands in such a one gets no user namespace
	Masks    []string // what is mounted in /proc, for which no other can be mounted
	Sysctl   string   // that forbids user namespaces to us, "" for none
	Restrict bool     // AppArmor gives a user namespace only to who has a profile
	NoMap    bool     // we are root without CAP_SETFCAP, who can't map himself
}

// LookAround reads what confines us. What can't be read counts as not there.
func LookAround() *Around {
	status, _ := os.ReadFile("/proc/self/status")
	seccomp, _ := StatusField(status, "Seccomp")
	a := &Around{Filter: seccomp == "2", Label: label()}
	if name, mode, ok := strings.Cut(a.Label, " ("); ok && mode != "unconfined)" {
		a.Profile = name
	}
	a.lookAtMounts()
	a.Restrict = sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" && os.Geteuid() != 0
	a.Mediates = mediates()
	a.NoMap = os.Geteuid() == 0 && !hasCap(unix.CAP_SETFCAP)
	switch {
	case sysctl("kernel/unprivileged_userns_clone") == "0" && os.Geteuid() != 0:
		a.Sysctl = "kernel.unprivileged_userns_clone=0"
	case sysctl("user/max_user_namespaces") == "0":
		a.Sysctl = "user.max_user_namespaces=0"
	}
	return a
}

// Refuses says whether a filter around us refuses a call, and whether that is
// certain: some calls can be asked for with operands that the kernel finds wrong
// before it looks at the caller's rights.
func (a *Around) Refuses(call uint64) (refuses, certain bool) {
	const none = ^uintptr(0)
	var errno, whole unix.Errno
	switch call {
	case unix.SYS_CLONE, unix.SYS_CLONE3:
		errno, whole = impossibleClone(), unix.EINVAL
	case unix.SYS_UNSHARE:
		_, _, errno = unix.RawSyscall(unix.SYS_UNSHARE, 1, 0, 0)
		whole = unix.EINVAL
	case unix.SYS_SETNS:
		_, _, errno = unix.RawSyscall(unix.SYS_SETNS, none, 0, 0)
		whole = unix.EBADF
	default:
		return a.Filter, false
	}
	return a.Filter && errno != whole, true
}

// impossibleClone asks for two flags that exclude each other, clone(2). A child
// of a kernel that knows no better is gone at once.
func impossibleClone() unix.Errno {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, unix.CLONE_NEWUSER|unix.CLONE_FS, 0, 0, 0, 0, 0)
	if pid == 0 && errno == 0 {
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return errno
}

func sysctl(name string) string {
	b, _ := os.ReadFile("/proc/sys/" + name) // #nosec G304 -- named by jail
	return strings.TrimSpace(string(b))
}

// label is AppArmor's of our process. Its own folder came with Linux 5.8; the
// older file may be another module's, whose text has no mode.
func label() string {
	b, err := os.ReadFile("/proc/self/attr/apparmor/current")
	if err != nil {
		b, _ = os.ReadFile("/proc/self/attr/current")
	}
	text := strings.TrimSpace(strings.TrimRight(string(b), "\x00"))
	if text != "unconfined" && !strings.HasSuffix(text, ")") {
		return ""
	}
	return text
}

// mediates reads the kernel's word for it, and Ubuntu's older one.
func mediates() bool {
	const namespaces = "/sys/kernel/security/apparmor/features/namespaces/"
	mask, _ := os.ReadFile(namespaces + "mask")
	_, err := os.Stat(namespaces + "userns_create")
	return bytes.Contains(mask, []byte("userns_create")) || err == nil
}

// lookAtMounts finds the mounts below /proc. With one of them the kernel lets
// nobody who is not the owner of these mounts mount another /proc, for it would
// show what they hide (mount_namespaces(7)). Only in a chroot, and not in each, is
// no mount at /.
func (a *Around) lookAtMounts() {
	b, err := os.ReadFile("/proc/self/mountinfo")
	a.Chroot = err == nil
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) < 5 {
			continue
		}
		at := string(f[4])
		a.Chroot = a.Chroot && at != "/"
		if strings.HasPrefix(at, "/proc/") && hides(at) && !slices.Contains(a.Masks, at) {
			a.Masks = append(a.Masks, at)
		}
	}
}

// hides is false for the mounts that the kernel lets pass: those on folders that
// it made to be mounted on.
func hides(at string) bool { return at != "/proc/sys/fs/binfmt_misc" && at != "/proc/fs/nfsd" }
