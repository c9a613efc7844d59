package isolate

import (
	"os"
	"path/filepath"

	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// stepHint says what to do about a failed step.
func stepHint(op *tape.Op, errno unix.Errno) string {
	l := policy.Layer(op.Layer)
	switch {
	case op.Call == unix.SYS_CLONE3 && errno == unix.ENOSPC:
		return "the limit of namespaces is reached: see /proc/sys/user/max_*_namespaces"
	case op.Call == unix.SYS_CLONE3 && errno == unix.EPERM:
		return "user namespaces are forbidden here (kernel.unprivileged_userns_clone, an AppArmor restriction, or the outer container): run \"jail doctor\""
	case op.Call == unix.SYS_CHDIR:
		return "the folder must be there in the jail, and the jail's user must be allowed to enter it"
	case op.Call == unix.SYS_SECCOMP && errno == unix.EINVAL:
		return "the kernel lacks CONFIG_SECCOMP_FILTER or user notification (Linux 5.0)"
	}
	for _, in := range policy.AllLayers() {
		if in.Name == l && (in.CanTry || in.CanOff) {
			return "run \"jail doctor\", or go on without it: --try " + string(l)
		}
	}
	return `run "jail doctor"`
}

// notFoundHint says where the program is, if the host has it outside the view.
func (r *run) notFoundHint(prog string) string {
	if filepath.IsAbs(prog) {
		if _, err := os.Stat(prog); err == nil {
			return "it is on the host but not visible in the jail; show its folder with --ro " + filepath.Dir(prog)
		}
		return "no such file in the jail or on the host"
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		at := filepath.Join(dir, prog)
		if st, err := os.Stat(at); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return "the host has " + at + ", which is not visible in the jail; show it with --ro " + dir + " and name it by that path"
		}
	}
	return "it is nowhere along the PATH of the jail, nor along the host's"
}
