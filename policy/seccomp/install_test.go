package seccomp

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// install puts a filter on the calling thread. With a listener in the flags the
// result is its descriptor.
func install(prog []Filter, flags uintptr) (int, error) {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, err
	}
	if len(prog) == 0 {
		return -1, unix.EINVAL
	}
	fprog := struct {
		length uint16
		filter *Filter
	}{uint16(len(prog)), &prog[0]}
	fd, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&fprog)))
	runtime.KeepAlive(prog)
	if e != 0 {
		return -1, e
	}
	return int(fd), nil
}

// call is a harmless call: its operands are such that the kernel refuses it or
// does nothing.
type call struct {
	Nr   int
	Args [6]uint64
}

// callsChild makes the calls on standard input and prints their errnos.
func callsChild() int {
	var calls []call
	if json.NewDecoder(os.Stdin).Decode(&calls) != nil {
		return 2
	}
	if filter := os.Getenv("SECCOMP_TEST_FILTER"); filter != "" {
		prog := Default(Options{})
		switch filter {
		case "init":
			prog = Init()
		case "pinned":
			prog = decode(Variant{PinCores: true}.Bytes(Options{}))
		}
		if _, err := install(prog, 0); err != nil {
			return 3
		}
	}
	errnos := make([]int, len(calls))
	for i, c := range calls {
		a := c.Args
		_, _, e := unix.RawSyscall6(uintptr(c.Nr), uintptr(a[0]), uintptr(a[1]), uintptr(a[2]), uintptr(a[3]), uintptr(a[4]), uintptr(a[5]))
		errnos[i] = int(e)
	}
	out, _ := json.Marshal(errnos)
	unix.RawSyscall(unix.SYS_WRITE, 1, uintptr(unsafe.Pointer(&out[0])), uintptr(len(out)))
	unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	return 4
}

func child(t *testing.T, role string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), append(env, roleVariable+"="+role)...)
	return cmd
}

// errnos makes the calls in a child behind the named filter, or none.
func errnos(t *testing.T, filter string, calls []call) []unix.Errno {
	t.Helper()
	in, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	cmd := child(t, "calls", "SECCOMP_TEST_FILTER="+filter)
	cmd.Stdin = strings.NewReader(string(in))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("child: %v", err)
	}
	var e []unix.Errno
	if err := json.Unmarshal(out, &e); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return e
}

// bad is a descriptor or address that no call can use.
const bad = Whole

// onKernel are calls with their errno without the filter and with it. Without
// one each gets past the filter's ground for refusal and fails later, or does
// nothing; 0 is success.
var onKernel = []struct {
	name          string
	nr            int
	args          []uint64
	without, with unix.Errno
}{
	{"mount", unix.SYS_MOUNT, []uint64{bad, bad, bad, 0, 0}, unix.EFAULT, unix.EPERM},
	{"umount2", unix.SYS_UMOUNT2, []uint64{bad, 0}, unix.EFAULT, unix.EPERM},
	{"chroot", unix.SYS_CHROOT, []uint64{bad}, unix.EFAULT, unix.EPERM},
	{"setns", unix.SYS_SETNS, []uint64{bad, 0}, unix.EBADF, unix.EPERM},
	{"ptrace", unix.SYS_PTRACE, []uint64{99, 0x7fffffff, 0, 0}, unix.ESRCH, unix.EPERM},
	{"clone3", unix.SYS_CLONE3, []uint64{0, 0}, unix.EINVAL, unix.ENOSYS},
	{"keyctl", unix.SYS_KEYCTL, []uint64{9999}, unix.EOPNOTSUPP, unix.ENOSYS},
	{"bpf", unix.SYS_BPF, []uint64{9999, 0, 0}, unix.EINVAL, unix.ENOSYS},
	{"open_tree", unix.SYS_OPEN_TREE, []uint64{bad, bad, bad}, unix.EINVAL, unix.ENOSYS},
	{"vmsplice", unix.SYS_VMSPLICE, []uint64{bad, 0, 1, 0}, unix.EBADF, unix.ENOSYS},
	{"clone of a new user namespace", unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER | unix.CLONE_THREAD}, unix.EINVAL, unix.EPERM},
	{"unshare of all namespaces", unix.SYS_UNSHARE, []uint64{unix.CLONE_NEWUSER | 1}, unix.EINVAL, unix.EPERM},
	{"unshare of nothing", unix.SYS_UNSHARE, []uint64{0}, 0, 0},
	{"TIOCSTI", unix.SYS_IOCTL, []uint64{bad, unix.TIOCSTI, 0}, unix.EBADF, unix.EPERM},
	{"TIOCSTI with high bits", unix.SYS_IOCTL, []uint64{bad, high | unix.TIOCSTI, 0}, unix.EBADF, unix.EPERM},
	{"TIOCLINUX with high bits", unix.SYS_IOCTL, []uint64{bad, high | 0x541c, 0}, unix.EBADF, unix.EPERM},
	{"TCGETS", unix.SYS_IOCTL, []uint64{bad, unix.TCGETS, 0}, unix.EBADF, unix.EBADF},
	{"personality query", unix.SYS_PERSONALITY, []uint64{0xffffffff}, 0, 0},
	{"personality ADDR_NO_RANDOMIZE", unix.SYS_PERSONALITY, []uint64{0x0040000}, 0, unix.EPERM},
	{"prctl PR_GET_SECCOMP", unix.SYS_PRCTL, []uint64{unix.PR_GET_SECCOMP}, 0, 0},
	{"prctl PR_CAP_AMBIENT_RAISE of no capability", unix.SYS_PRCTL, []uint64{unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, 9999, 0, 0}, unix.EINVAL, unix.EPERM},
	{"socket AF_UNIX", unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}, 0, 0},
	{"socket TCP", unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_CLOEXEC, 6}, 0, 0},
	{"socket route without a listener to count", unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_RAW, 0}, 0, unix.EAFNOSUPPORT},
	{"listen without a listener to count", unix.SYS_LISTEN, []uint64{bad, 1}, unix.EBADF, unix.EOPNOTSUPP},
	{"socketpair AF_UNIX", unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0, bad}, unix.EFAULT, unix.EFAULT},
	{"F_SETLEASE", unix.SYS_FCNTL, []uint64{bad, unix.F_SETLEASE, unix.F_RDLCK}, unix.EBADF, unix.EPERM},
	{"F_NOTIFY with high bits", unix.SYS_FCNTL, []uint64{bad, high | unix.F_NOTIFY, 1}, unix.EBADF, unix.EPERM},
	{"F_GETFD", unix.SYS_FCNTL, []uint64{bad, unix.F_GETFD}, unix.EBADF, unix.EBADF},
	{"SO_ATTACH_FILTER", unix.SYS_SETSOCKOPT, []uint64{bad, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, bad, 16}, unix.EBADF, unix.EPERM},
	{"SO_ATTACH_BPF with high bits", unix.SYS_SETSOCKOPT, []uint64{bad, high | unix.SOL_SOCKET, high | unix.SO_ATTACH_BPF, bad, 4}, unix.EBADF, unix.EPERM},
	{"SO_REUSEADDR", unix.SYS_SETSOCKOPT, []uint64{bad, unix.SOL_SOCKET, unix.SO_REUSEADDR, bad, 4}, unix.EBADF, unix.EBADF},
	{"SO_RCVBUF", unix.SYS_SETSOCKOPT, []uint64{bad, unix.SOL_SOCKET, unix.SO_RCVBUF, bad, 4}, unix.EBADF, 0},
	{"SO_SNDBUFFORCE with high bits", unix.SYS_SETSOCKOPT, []uint64{bad, high | unix.SOL_SOCKET, high | unix.SO_SNDBUFFORCE, bad, 4}, unix.EBADF, 0},
	{"SO_RCVLOWAT", unix.SYS_SETSOCKOPT, []uint64{bad, unix.SOL_SOCKET, unix.SO_RCVLOWAT, bad, 4}, unix.EBADF, unix.ENOPROTOOPT},
	{"SO_ZEROCOPY", unix.SYS_SETSOCKOPT, []uint64{bad, unix.SOL_SOCKET, unix.SO_ZEROCOPY, bad, 4}, unix.EBADF, unix.ENOPROTOOPT},
	{"IP_ADD_MEMBERSHIP", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, bad, 8}, unix.EBADF, unix.ENODEV},
	{"IP_RECVERR", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_IP, unix.IP_RECVERR, bad, 4}, unix.EBADF, 0},
	{"IP_TTL", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_IP, unix.IP_TTL, bad, 4}, unix.EBADF, unix.EBADF},
	{"IPV6_JOIN_GROUP", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, bad, 20}, unix.EBADF, unix.ENODEV},
	{"MCAST_MSFILTER with high bits", unix.SYS_SETSOCKOPT, []uint64{bad, high | unix.IPPROTO_IPV6, high | unix.MCAST_MSFILTER, bad, 8}, unix.EBADF, unix.ENODEV},
	{"IPV6_2292PKTOPTIONS", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_IPV6, unix.IPV6_2292PKTOPTIONS, bad, 16}, unix.EBADF, unix.ENOPROTOOPT},
	{"IPV6_RECVERR", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, bad, 4}, unix.EBADF, 0},
	{"IPV6_V6ONLY", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, bad, 4}, unix.EBADF, unix.EBADF},
	{"TCP_MD5SIG", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_TCP, unix.TCP_MD5SIG, bad, 4}, unix.EBADF, unix.ENOPROTOOPT},
	{"TCP_NODELAY", unix.SYS_SETSOCKOPT, []uint64{bad, unix.IPPROTO_TCP, unix.TCP_NODELAY, bad, 4}, unix.EBADF, unix.EBADF},
	{"mmap of huge pages from no file", unix.SYS_MMAP, []uint64{0, 1 << 21, 1, unix.MAP_PRIVATE | unix.MAP_HUGETLB, bad, 0}, unix.EBADF, unix.ENOMEM},
	{"memfd_create of huge pages", unix.SYS_MEMFD_CREATE, []uint64{bad, unix.MFD_HUGETLB}, unix.EFAULT, unix.EINVAL},
	{"memfd_create", unix.SYS_MEMFD_CREATE, []uint64{bad, 0}, unix.EFAULT, unix.EFAULT},
	{"mknodat of a device", unix.SYS_MKNODAT, []uint64{bad, bad, unix.S_IFCHR, 0}, unix.EFAULT, unix.EPERM},
	{"mknodat of a FIFO", unix.SYS_MKNODAT, []uint64{bad, bad, unix.S_IFIFO, 0}, unix.EFAULT, unix.EFAULT},
	{"sched_setscheduler FIFO", unix.SYS_SCHED_SETSCHEDULER, []uint64{0, unix.SCHED_FIFO, bad}, unix.EFAULT, unix.EPERM},
	{"sched_setscheduler OTHER", unix.SYS_SCHED_SETSCHEDULER, []uint64{0, unix.SCHED_NORMAL, bad}, unix.EFAULT, unix.EFAULT},
	{"seccomp with a listener", unix.SYS_SECCOMP, []uint64{1, 8, bad}, unix.EFAULT, unix.EPERM},
	{"seccomp filter", unix.SYS_SECCOMP, []uint64{1, 0, bad}, unix.EFAULT, unix.ENOMEM},
	{"number 1000", 1000, nil, unix.ENOSYS, unix.ENOSYS},
	{"number -1", -1, nil, unix.ENOSYS, unix.ENOSYS},
	{"getpid", unix.SYS_GETPID, nil, 0, 0},
	{"getrandom", unix.SYS_GETRANDOM, []uint64{0, 0, 0}, 0, 0},
}

// kernelCalls are the calls of onKernel, in its order.
func kernelCalls() []call {
	var calls []call
	for _, c := range onKernel {
		k := call{Nr: c.nr}
		copy(k.Args[:], c.args)
		calls = append(calls, k)
	}
	return calls
}

func TestKernelAnswersAsTheTableAndOtherwiseWithoutIt(t *testing.T) {
	without, with := errnos(t, "", kernelCalls()), errnos(t, "default", kernelCalls())
	for i, c := range onKernel {
		if without[i] != c.without {
			t.Errorf("%s without the filter: %v, want %v", c.name, without[i], c.without)
		}
		if with[i] != c.with {
			t.Errorf("%s with the filter: %v, want %v", c.name, with[i], c.with)
		}
	}
}

// This is what a lease on a shared file would do to others: they wait, or are
// sent away where they don't wait.
func TestALeaseKeepsOthersFromTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != nil {
		t.Fatal(err)
	}
	if fd, err := unix.Open(name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != unix.EAGAIN {
		t.Errorf("opened as %d, %v; want EAGAIN", fd, err)
	}
}

// Without the filter it would write out all the host's files.
func TestKernelTellsThatSyncIsDone(t *testing.T) {
	if got := errnos(t, "default", []call{{unix.SYS_SYNC, [6]uint64{}}}); got[0] != 0 {
		t.Errorf("sync: %v, want success", got[0])
	}
	if got := Reference(DefaultRules(), native(unix.SYS_SYNC)).Return(Options{}); got != unix.SECCOMP_RET_ERRNO {
		t.Errorf("sync reaches the kernel: 0x%x", got)
	}
}

// What these do without a filter depends on what the kernel was built with; it
// must only differ from the filter's answer where the kernel has them.
func TestKernelRefusesOptionalFeatures(t *testing.T) {
	calls := []call{
		{unix.SYS_IO_URING_SETUP, [6]uint64{1, bad}},
		{unix.SYS_USERFAULTFD, [6]uint64{bad}},
		{unix.SYS_PERF_EVENT_OPEN, [6]uint64{bad, 0, 0, 0, 0}},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_VSOCK, unix.SOCK_STREAM, 0}},
		{unix.SYS_SOCKET, [6]uint64{high | unix.AF_VSOCK, unix.SOCK_STREAM, 0}},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_PACKET, unix.SOCK_RAW, 0}},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM, 262}},
		{unix.SYS_MADVISE, [6]uint64{0x1000, 0, unix.MADV_MERGEABLE}},
		{unix.SYS_PRCTL, [6]uint64{unix.PR_SET_MEMORY_MERGE, 0}},
		{unix.SYS_SHMGET, [6]uint64{0, 0, shmHugeTLB}},
	}
	want := []unix.Errno{unix.ENOSYS, unix.ENOSYS, unix.ENOSYS, unix.EAFNOSUPPORT, unix.EAFNOSUPPORT, unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, unix.EINVAL, unix.EINVAL, unix.ENOMEM}
	without, with := errnos(t, "", calls), errnos(t, "default", calls)
	for i, c := range calls {
		if with[i] != want[i] {
			t.Errorf("%s(%#x): %v, want %v", Name(c.Nr), c.Args, with[i], want[i])
		}
		t.Logf("%s(%#x): %v without, %v with", Name(c.Nr), c.Args, without[i], with[i])
	}
}

func TestKernelHoldsInitToItsFewCalls(t *testing.T) {
	calls := []call{
		{unix.SYS_GETPID, [6]uint64{}},
		{unix.SYS_OPENAT, [6]uint64{bad, bad}},
		{unix.SYS_EXECVE, [6]uint64{bad, bad, bad}},
		{unix.SYS_KILL, [6]uint64{0x7fffffff, 0}},
		{1000, [6]uint64{}},
	}
	want := []unix.Errno{unix.EPERM, unix.EPERM, unix.EPERM, unix.ESRCH, unix.EPERM}
	for i, got := range errnos(t, "init", calls) {
		if got != want[i] {
			t.Errorf("%s: %v, want %v", Name(calls[i].Nr), got, want[i])
		}
	}
}
