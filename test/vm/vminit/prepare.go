package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

// mounts are those of a plain host.
var mounts = []struct {
	kind, at, data string
	flags          uintptr
}{
	{"proc", "/proc", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{"sysfs", "/sys", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{"devtmpfs", "/dev", "mode=0755", unix.MS_NOSUID},
	{"devpts", "/dev/pts", "mode=0620,ptmxmode=0666", unix.MS_NOSUID | unix.MS_NOEXEC},
	{"tmpfs", "/dev/shm", "mode=1777", unix.MS_NOSUID | unix.MS_NODEV},
	{"tmpfs", "/tmp", "mode=1777", unix.MS_NOSUID | unix.MS_NODEV},
	{"tmpfs", "/run", "mode=0755", unix.MS_NOSUID | unix.MS_NODEV},
	{"mqueue", "/dev/mqueue", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
}

// settings are what Debian's own start-up sets; a kernel may lack some.
var settings = map[string]string{
	"/proc/sys/kernel/unprivileged_userns_clone": "1",
	"/proc/sys/fs/protected_symlinks":            "1",
	"/proc/sys/kernel/hostname":                  "guest",
	"/proc/sys/user/max_user_namespaces":         "1024",
	"/proc/sys/kernel/unprivileged_bpf_disabled": "0", // so that tests see the filter refuse, not this
}

// limits are those that systemd gives every service.
var limits = []struct {
	resource   int
	soft, hard uint64
}{{unix.RLIMIT_NOFILE, 1024, 524288}, {unix.RLIMIT_MEMLOCK, 8 << 20, 8 << 20}}

// prepare makes the guest a host; it goes on after an error, since a test of
// what still works is worth more than none.
func prepare(groups job.Cgroups) []error {
	var errs []error
	add := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	add(leaveRootfs())
	for _, m := range mounts {
		add(mount(m.kind, m.at, m.data, m.flags))
	}
	for _, link := range [][2]string{{"/proc/self/fd", "/dev/fd"}, {"fd/0", "/dev/stdin"}, {"fd/1", "/dev/stdout"}, {"fd/2", "/dev/stderr"}} {
		_ = os.Symlink(link[0], link[1]) // a later devtmpfs makes them itself
	}
	errs = append(errs, loadModules("/modules")...)
	add(mountDisk())
	for path, value := range settings {
		_ = os.WriteFile(path, []byte(value), 0)
	}
	for _, l := range limits {
		// By syscall, for Go would give its children the old limit of open files back.
		add(syscall.Setrlimit(l.resource, &syscall.Rlimit{Cur: l.soft, Max: l.hard}))
	}
	add(loopbackUp())
	errs = append(errs, mountGroups(groups)...)
	return errs
}

// leaveRootfs puts a mount with a parent in the place of the first root, for
// pivot_root(2) refuses one without. A plain chroot would not do: a chrooted
// process may not make user namespaces (user_namespaces(7)), but here the
// namespace's own root is what the chroot names.
func leaveRootfs() error {
	const at = "/.root"
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("/", at, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind / on %s: %w", at, err)
	}
	if err := os.Chdir(at); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move %s to /: %w", at, err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("chroot to the moved root: %w", err)
	}
	return os.Chdir("/")
}

func mount(kind, at, data string, flags uintptr) error {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(kind, at, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, at, err)
	}
	return nil
}

// loadModules takes the files in the order of their names, which is that of
// their dependencies.
func loadModules(dir string) []error {
	files, _ := filepath.Glob(filepath.Join(dir, "*.ko"))
	sort.Strings(files)
	var errs []error
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if err := unix.FinitModule(int(f.Fd()), parameters(path), 0); err != nil && err != unix.EEXIST {
			errs = append(errs, fmt.Errorf("load %s: %w", filepath.Base(path), err))
		}
		f.Close()
	}
	return errs
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

// controllers lists those that a v2 group offers.
func controllers(group string) []string {
	b, _ := os.ReadFile(filepath.Join(group, "cgroup.controllers"))
	return strings.Fields(string(b))
}
