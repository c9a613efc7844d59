package isolate

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// lookAtMounts gives the plan what it must know of the host's mounts where the
// kernel can't set the attributes of a detached tree (mount_setattr(2), Linux
// 5.12): they are set afterwards, with all flags that the host's mounts have.
func (r *run) lookAtMounts(in *plan.Input) (err error) {
	if r.facts.Kernel.AtLeast(5, 12) || !r.facts.Has(policy.LayerRootfs) {
		return nil
	}
	p, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return &LaunchError{Op: "look at the host's mounts", Index: -1, Layer: policy.LayerRootfs, Err: err}
	}
	in.Mounts = parseMountinfo(p)
	return nil
}

// tasksBeside counts the tasks of the jail's user that RLIMIT_NPROC would count
// with the jail's: before Linux 5.14 those of the whole system, of which root's
// jails, with ids of their own, have none. What is not seen is not counted, and
// the jail has less.
func (r *run) tasksBeside() (n int64) {
	if r.facts.Root || r.facts.Kernel.AtLeast(5, 14) {
		return 0
	}
	dirs, _ := os.ReadDir("/proc")
	uid := strconv.Itoa(r.facts.UID) + "\t"
	for _, d := range dirs {
		status, err := readProc("/proc/" + d.Name() + "/status")
		if err != nil {
			continue // no process, or gone
		}
		if ids, _ := host.StatusField(status, "Uid"); strings.HasPrefix(ids, uid) {
			threads, _ := host.StatusField(status, "Threads")
			k, _ := strconv.ParseInt(threads, 10, 64)
			n += k
		}
	}
	return n
}

// parseMountinfo reads proc_pid_mountinfo(5). A line that is none is left out.
func parseMountinfo(p []byte) []plan.Mount {
	list := make([]plan.Mount, 0, bytes.Count(p, []byte{'\n'}))
	for line := range bytes.Lines(p) {
		f := bytes.Fields(line)
		if len(f) < 6 {
			continue
		}
		m := plan.Mount{Path: unescapeMount(f[4])}
		var err, err2 error
		m.ID, err = strconv.Atoi(string(f[0]))
		m.Parent, err2 = strconv.Atoi(string(f[1]))
		if err != nil || err2 != nil {
			continue
		}
		for o := range bytes.SplitSeq(f[5], []byte{','}) {
			m.Flags |= mountFlag(string(o))
		}
		list = append(list, m)
	}
	return list
}

// mountFlag gives an option that a mount of a more privileged namespace has
// locked (mount_namespaces(7)), and zero for any other.
func mountFlag(option string) uint64 {
	switch option {
	case "ro":
		return unix.MS_RDONLY
	case "nosuid":
		return unix.MS_NOSUID
	case "nodev":
		return unix.MS_NODEV
	case "noexec":
		return unix.MS_NOEXEC
	}
	return 0
}

// unescapeMount undoes the octal escapes of space, tab, newline and backslash.
func unescapeMount(p []byte) string {
	b := make([]byte, 0, len(p))
	for i := 0; i < len(p); i++ {
		if p[i] == '\\' && i+3 < len(p) {
			if c, err := strconv.ParseUint(string(p[i+1:i+4]), 8, 8); err == nil {
				b = append(b, byte(c))
				i += 3
				continue
			}
		}
		b = append(b, p[i])
	}
	return string(b)
}
