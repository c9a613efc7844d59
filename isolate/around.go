package isolate

import (
	"errors"
	"strings"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

const (
	stepProc = "mount proc"
	stepMap  = "write /proc/self/uid_map"
)

// Where others stand around jail, the kernel's error says only that something is
// refused.

// refuser says, after a step that refusesNamespace knows, who was in the way, and
// the mend.
func refuser(le *LaunchError) string {
	a := host.LookAround()
	switch {
	case le.Step == stepProc:
		return procRefuser(a)
	case le.Step == stepMap && a.NoMap:
		return "root that lacks CAP_SETFCAP may not map itself (user_namespaces(7)): " + host.MendSetFCap
	case errors.Is(le.Err, unix.ENOSPC):
		return "the limit of namespaces is reached: see /proc/sys/user/max_*_namespaces"
	case refuses(a, unix.SYS_CLONE):
		return "user namespaces are forbidden by a system call filter around jail, as a container engine or another jail has: " + host.MendFilter
	case a.Chroot:
		return "who stands in a chroot gets no user namespace (user_namespaces(7)): start jail outside of it"
	case a.Sysctl != "":
		return a.Sysctl + ` forbids user namespaces: "jail doctor" says how to change it`
	}
	return module(a, le.Step == stepMap || errors.Is(le.Err, unix.EACCES))
}

func refuses(a *host.Around, call uint64) bool {
	r, _ := a.Refuses(call)
	return r
}

// module says which security module it was: its error is EACCES, or a namespace
// without capabilities.
func module(a *host.Around, certain bool) string {
	switch {
	case a.Profile != "":
		return `the AppArmor profile "` + a.Profile + `" forbids it: ` + host.MendProfile
	case a.Restrict:
		return "AppArmor forbids it to programs without a profile (kernel.apparmor_restrict_unprivileged_userns=1): " + host.MendProfile
	case certain:
		return "a security module (SELinux?) forbids it: see its log"
	}
	return `a security module, a chroot or an outer container forbids it: run "jail doctor"`
}

func procRefuser(a *host.Around) string {
	if len(a.Masks) == 0 {
		return `no /proc of the jail's own may be mounted here: run "jail doctor"`
	}
	return "parts of /proc are covered here (" + few(a.Masks) + "), and the kernel then lets nobody mount another: " + host.MendMasks
}

// few names the first of a list.
func few(list []string) string {
	const most = 3
	if len(list) > most {
		return strings.Join(list[:most], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}

// filtered is the hint at a call that a filter around jail has refused, "" if it
// was none.
func filtered(op *tape.Op, errno unix.Errno) string {
	if errno != unix.EPERM && errno != unix.ENOSYS {
		return ""
	}
	a, verb := host.LookAround(), "refuses "
	refused, certain := a.Refuses(op.Call)
	if !refused {
		return ""
	}
	if !certain {
		verb = "may refuse "
	}
	return "a system call filter around jail " + verb + plan.CallName(op.Call) + "(2), as a container engine's does: " + host.MendFilter
}

// memfdRefuser says who lets no memfd be executed, which jail starts from.
func memfdRefuser() string {
	if p := host.LookAround().Profile; p != "" {
		return `the AppArmor profile "` + p + `" forbids executing a memfd: ` + host.MendProfile
	}
	return "vm.memfd_noexec=2 or a security module forbids executing a memfd"
}
