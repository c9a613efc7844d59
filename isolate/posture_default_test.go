package isolate_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/jailrun/jail/test/posture"
	"golang.org/x/sys/unix"
)

func TestPostureOfRootsJailIsTheGolden(t *testing.T) {
	needRoot(t)
	dir := stageDir(t)
	outside, inside := bothReports(t, dir, false)
	holdToGolden(t, "posture_default.golden", posture.Abstract(inside, outside))
	everyWallIsSeen(t, posture.Abstract(outside, outside), posture.Abstract(inside, outside), walls, rootsWalls)
}

func TestPostureOfAUsersJailIsTheGolden(t *testing.T) {
	dir := stageDir(t)
	outside, inside := bothReports(t, dir, true)
	holdToGolden(t, "posture_user.golden", posture.Abstract(inside, outside))
	everyWallIsSeen(t, posture.Abstract(outside, outside), posture.Abstract(inside, outside), walls)
}

// bothReports gets a report from outside and one from inside, while the host
// holds System V objects that only the first may see.
func bothReports(t *testing.T, dir string, nobody bool) (outside, inside posture.Report) {
	t.Helper()
	litter(t)
	c := actor(t, "reports", dir, "")
	if nobody {
		asNobody(t, c)
	}
	run(t, c)
	return readReport(t, filepath.Join(dir, "outside")), readReport(t, filepath.Join(dir, "inside"))
}

// litter makes one object of each kind of System V IPC.
func litter(t *testing.T) {
	t.Helper()
	shm := sysv(t, unix.SYS_SHMGET, 0, 4096, unix.IPC_CREAT|0o600)
	t.Cleanup(func() { _, _, _ = unix.Syscall(unix.SYS_SHMCTL, shm, unix.IPC_RMID, 0) })
	sem := sysv(t, unix.SYS_SEMGET, 0, 1, unix.IPC_CREAT|0o600)
	t.Cleanup(func() { _, _, _ = unix.Syscall6(unix.SYS_SEMCTL, sem, 0, unix.IPC_RMID, 0, 0, 0) })
	msg := sysv(t, unix.SYS_MSGGET, 0, unix.IPC_CREAT|0o600, 0)
	t.Cleanup(func() { _, _, _ = unix.Syscall(unix.SYS_MSGCTL, msg, unix.IPC_RMID, 0) })
}

func sysv(t *testing.T, nr, a, b, c uintptr) uintptr {
	t.Helper()
	id, _, err := unix.Syscall(nr, a, b, c)
	if err != 0 {
		t.Fatal(err)
	}
	return id
}

// walls say which lines of a report each layer must change. A key that ends in
// a dot stands for all keys below it that the report from outside has.
var walls = map[string][]string{
	"user_ns":      {"ns.user", "id.uid", "id.gid", "self.uid_map", "self.gid_map"},
	"pid_ns":       {"ns.pid", "id.pid", "id.ppid", "id.pgid", "id.sid", "status.NSpid", "proc.pids", "open./proc/1", "proc.sys", "proc.cmdline", "proc.meminfo", "proc.cpuinfo", "proc.version", "proc.mounts", "proc.net", "open./proc/sys", "open./proc/cmdline", "open./proc/meminfo", "open./proc/cpuinfo", "open./proc/version", "open./proc/mounts", "open./proc/net"},
	"mnt_ns":       {"ns.mnt", "mount./", "mount./proc"},
	"rootfs":       {"cwd", "open./sys", "open./sys/fs/cgroup", "open./home", "open./etc/issue", "write./box"},
	"net_ns":       {"ns.net"},
	"ipc_ns":       {"ns.ipc", "sysv.shm", "sysv.sem", "sysv.msg"},
	"uts_ns":       {"ns.uts", "uts.nodename"},
	"cgroup_ns":    {"ns.cgroup"},
	"time_ns":      {"ns.time", "clock.boottime", "clock.monotonic", "self.timens_offsets"},
	"capabilities": {"prctl.securebits"},
	"no_new_privs": {"status.NoNewPrivs", "prctl.no_new_privs"},
	"rlimits":      {"rlimit.core", "rlimit.nofile", "rlimit.sigpending", "rlimit.stack", "status.SigQ"},
	"keyring":      {"keyring.session"},
	"landlock":     {"landlock.write /proc/self/comm", "landlock.write /proc/self/mem"},
	"seccomp": {"status.Seccomp", "prctl.seccomp", "call.add_key", "call.bpf", "call.chroot", "call.fanotify_init", "call.fsopen", "call.io_uring_setup",
		"call.ioctl.TIOCSTI", "call.ioctl.TIOCSTI-high", "call.ioctl.TIOCLINUX", "call.kcmp", "call.keyctl", "call.memfd_secret",
		"call.mount_setattr", "call.move_mount", "call.open_tree", "call.perf_event_open", "call.pidfd_getfd", "call.process_madvise",
		"call.process_vm_readv", "call.ptrace", "call.request_key", "call.setns", "call.unshare.NEWUSER", "call.userfaultfd", "call.vmsplice",
		"call.clone3", "call.name_to_handle_at", "call.seccomp.NEW_LISTENER", "call.socket.MPTCP", "call.socket.VSOCK", "call.socket.NETLINK_UEVENT"},
	"environment": {"env.SECRET", "env.PATH"},
}

// rootsWalls are the lines that only root's report from outside has open.
var rootsWalls = map[string][]string{
	"capabilities": {"status.CapPrm", "status.CapEff", "status.CapBnd", "call.setresuid.0"},
	"rootfs":       {"open./etc/shadow", "open./root", "open./dev/kmsg", "write./", "write./usr", "write./etc", "write./dev"},
	"seccomp":      {"call.acct", "call.mount", "call.umount2", "call.pivot_root", "call.swapon", "call.swapoff", "call.reboot", "call.syslog", "call.sethostname", "call.setdomainname", "call.open_by_handle_at", "call.unshare.NEWNET", "call.socket.RAW", "call.socket.PACKET", "call.adjtimex", "call.clock_adjtime", "call.clock_settime", "call.quotactl"},
	"cgroup_ns":    {"self.oom_score_adj"},
}

func everyWallIsSeen(t *testing.T, outside, inside posture.Report, tables ...map[string][]string) {
	t.Helper()
	d := posture.Changed(outside, inside)
	for _, table := range tables {
		for layer, list := range table {
			for _, key := range list {
				if _, ok := d[key]; !ok && !lacks(outside, layer, key) {
					t.Errorf("%s: %s is %q outside and inside", layer, key, inside[key])
				}
			}
		}
	}
}

// lacks says whether the kernel has not what a wall is to refuse: such a line is
// an error outside too.
func lacks(outside posture.Report, layer, key string) bool {
	none := []string{"ENOSYS", "EPROTONOSUPPORT"}
	return slices.Contains(none, outside[key]) || layer == "landlock" && outside["landlock.abi"] == "ENOSYS"
}
