// Package census lists all that a jail may leave behind it, so that what is
// there after a run can be compared with what was there before. It is taken in
// pid, mount and IPC namespaces of the caller's own (Apart), so that whatever is
// in a list is of the caller's runs; control groups are told by their names.
package census

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/test/posture"
	"golang.org/x/sys/unix"
)

// Root is where control groups are looked for.
const Root = "/sys/fs/cgroup"

// folders are those in which a jail might leave a file; the last shows POSIX
// message queues.
var folders = [...]string{"/tmp", "/dev/shm", "/run", "/mnt"}

// Folders are those that are listed.
func Folders() []string { return folders[:] }

// Apart cuts this process's mounts off from the host's, which must be done in
// pid, mount and IPC namespaces that were made for it, and covers the folders
// that are listed with empty ones.
func Apart() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("make mounts private", err)
	}
	errs := os.NewSyscallError("mount /proc", unix.Mount("proc", "/proc", "proc", 0, ""))
	for _, at := range folders[:3] {
		errs = errors.Join(errs, os.NewSyscallError("mount "+at, unix.Mount("tmpfs", at, "tmpfs", 0, "mode=1777")))
	}
	return errors.Join(errs, os.NewSyscallError("mount /mnt", unix.Mount("mqueue", folders[3], "mqueue", 0, "")))
}

// Flags are the namespaces in which Apart may be called.
const Flags = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC

// Owners are the supervisors whose control groups are listed. It may be used
// from any goroutine.
type Owners struct {
	mu   sync.Mutex
	list map[owner]bool
}

type owner struct {
	pid   int
	start uint64
}

// Add notes a supervisor that lives, or has not been waited for.
func (o *Owners) Add(pid int) error {
	start, err := startTime(pid)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.list == nil {
		o.list = map[owner]bool{}
	}
	o.list[owner{pid, start}] = true
	return nil
}

// Forget forgets all but those that are given.
func (o *Owners) Forget(but ...int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for w := range o.list {
		if !slices.Contains(but, w.pid) {
			delete(o.list, w)
		}
	}
}

// own says whether a name is that of a group of theirs. The seats of the living
// are still in use.
func (o *Owners) own(name string) bool {
	n, ok := cgroup.ParseName(name)
	if !ok {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.list[owner{n.PID, n.Start}] && (n.Seq != 0 || n.OwnerGone())
}

// Prefix is how the names of a living supervisor's groups begin.
func Prefix(pid int) (string, error) {
	start, err := startTime(pid)
	return fmt.Sprintf("jail-%d-%d-", pid, start), err
}

// startTime is field 22 of /proc/PID/stat, proc_pid_stat(5).
func startTime(pid int) (uint64, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	const field = 22 - 3
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(f) <= field {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(f))
	}
	return strconv.ParseUint(f[field], 10, 64)
}

// List is what there is of each kind.
type List map[string][]string

// Take lists all. Control groups are listed by their hierarchies.
func Take(o *Owners) (List, error) {
	runtime.GC() // a file that nobody holds is closed then
	l := List{
		"processes":          Processes(),
		"network namespaces": links("/proc/[0-9]*/ns/net"),
		"descriptors":        links("/proc/self/fd/*"),
	}
	for what, path := range map[string]string{
		"mounts": "/proc/self/mountinfo", "shared memory": "/proc/sysvipc/shm",
		"semaphores": "/proc/sysvipc/sem", "message queues": "/proc/sysvipc/msg",
	} {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		l[what] = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		if what != "mounts" {
			l[what] = l[what][1:] // a heading
		}
	}
	for _, dir := range folders {
		l["files in "+dir] = tree(dir)
	}
	for _, path := range groups(o) {
		what := "groups of " + hierarchy(path)
		l[what] = append(l[what], path)
	}
	return l, nil
}

// Processes lists those of the pid namespace, by number and name.
func Processes() (list []string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		name, _ := os.ReadFile(d + "/comm")
		list = append(list, filepath.Base(d)+" "+strings.TrimSpace(string(name)))
	}
	return list
}

// links lists what links point to.
func links(pattern string) (list []string) {
	names, _ := filepath.Glob(pattern)
	for _, n := range names {
		if to, err := os.Readlink(n); err == nil {
			list = append(list, posture.WithoutInodes(to))
		}
	}
	return list
}

// tree lists all that is in a folder, and the folder.
func tree(dir string) (list []string) {
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	return list
}

func groups(o *Owners) (list []string) {
	_ = filepath.WalkDir(Root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && o.own(d.Name()) {
			list = append(list, path)
		}
		return nil
	})
	return list
}

// hierarchy is the folder of a group's controllers, "all" where there is one
// hierarchy for all.
func hierarchy(path string) string {
	if _, err := os.Stat(Root + "/cgroup.controllers"); err == nil {
		return "all"
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(path, Root+"/"), "/")
	return name
}

// Hierarchies are those that this host may have groups in.
func Hierarchies() []string {
	if _, err := os.Stat(Root + "/cgroup.controllers"); err == nil {
		return []string{"all"}
	}
	entries, _ := os.ReadDir(Root)
	var list []string
	for _, e := range entries {
		if e.IsDir() { // and not a link to one
			list = append(list, e.Name())
		}
	}
	return list
}

// Difference says what of each kind is there more or less often than before, ""
// if nothing.
func (l List) Difference(before List) string {
	var text strings.Builder
	for what := range union(l, before) {
		if d := difference(before[what], l[what]); d != "" {
			text.WriteString(what + ":" + d + "\n")
		}
	}
	return text.String()
}

// Kinds are the kinds that are listed.
func (l List) Kinds() []string { return slices.Sorted(maps.Keys(l)) }

func union(a, b List) map[string]bool {
	all := map[string]bool{}
	for _, l := range []List{a, b} {
		for what := range l {
			all[what] = true
		}
	}
	return all
}

func difference(before, after []string) string {
	n := map[string]int{}
	for _, s := range before {
		n[s]--
	}
	for _, s := range after {
		n[s]++
	}
	text := ""
	for s, k := range n {
		if k != 0 {
			text += fmt.Sprintf("\n%+d %s", k, s)
		}
	}
	return text
}
