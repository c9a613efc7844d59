package notify

import (
	"os"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// childEnv names the part that a re-executed test binary plays.
const childEnv = "NOTIFY_TEST_CHILD"

func TestMain(m *testing.M) {
	if part := os.Getenv(childEnv); part != "" {
		os.Exit(child(partOf(part)))
	}
	os.Exit(m.Run())
}

// The calls that the children's filter sends to the listener.
var notified = []uint32{unix.SYS_PTRACE, unix.SYS_MOUNT, unix.SYS_UNSHARE, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_SOCKET, unix.SYS_LISTEN}

// parts are what children do under the filter. Each gives its exit status.
var parts = map[string]func() int{
	"ptrace":   func() int { return int(call(unix.SYS_PTRACE, 0, 0)) },
	"twice":    func() int { call(unix.SYS_PTRACE, 0, 0); return int(call(unix.SYS_KEYCTL, 1, 0)) },
	"unshare":  func() int { return int(call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER|unix.CLONE_NEWNET, 0)) },
	"mount":    mountPart,
	"unfilled": unfilledPart,
	"flood":    floodPart,
	"rows": func() int {
		for op := range uintptr(20) {
			call(unix.SYS_KEYCTL, op, 0)
		}
		return 0
	},
	"late": func() int {
		var b [1]byte
		unix.Read(controlFD, b[:]) // until the listener is closed
		return int(call(unix.SYS_PTRACE, 0, 0))
	},
	"netlink": func() int { return netlinkSockets(20) },
	"netlink again": func() int {
		for range 40 { // each is closed before the next
			fd, errno := netlinkSocket()
			if errno != 0 {
				return 1
			}
			unix.RawSyscall(unix.SYS_CLOSE, fd, 0, 0)
		}
		return 0
	},
	burst:          burstPart,
	"listen":       func() int { return listeners(20, false) },
	"listen again": func() int { return listeners(40, true) },
}

// partOf is a part of that name, on any architecture or on this one.
func partOf(name string) func() int {
	if p, ok := foreignParts[name]; ok {
		return p
	}
	return parts[name]
}

func call(nr, a, b uintptr) unix.Errno {
	_, _, errno := unix.RawSyscall(nr, a, b, 0)
	return errno
}

// burst is the part that calls from many threads at once, all under the filter.
const burst = "netlink burst"

func netlinkSocket() (fd uintptr, errno unix.Errno) {
	fd, _, errno = unix.RawSyscall(unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	return fd, errno
}

// netlinkSockets tries n times and is how many sockets it has in the end.
func netlinkSockets(n int) (made int) {
	for range n {
		switch _, errno := netlinkSocket(); errno {
		case 0:
			made++
		case unix.ENOBUFS:
		default:
			return 100
		}
	}
	return made
}

func burstPart() int {
	const threads = 60
	made := make(chan int, threads)
	start := make(chan struct{})
	for range threads {
		go func() {
			runtime.LockOSThread()
			<-start
			made <- netlinkSockets(5)
		}()
	}
	close(start)
	total := 0
	for range threads {
		total += <-made
	}
	return total
}

// unfilledPart gives strings that lie in a page which only userfaultfd(2) would
// fill.
func unfilledPart() int {
	const size, api, register = 4096, 0xc018aa3f, 0xc020aa00 // linux/userfaultfd.h: UFFDIO_API, UFFDIO_REGISTER
	page, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return 101
	}
	at := uintptr(unsafe.Pointer(unsafe.SliceData(page)))
	fd, _, errno := unix.RawSyscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC, 0, 0)
	if errno != 0 {
		return 102
	}
	hello := [3]uint64{0xaa}
	missing := [4]uint64{uint64(at), size, 1}
	if _, _, errno = unix.RawSyscall(unix.SYS_IOCTL, fd, api, uintptr(unsafe.Pointer(&hello))); errno != 0 {
		return 103
	}
	if _, _, errno = unix.RawSyscall(unix.SYS_IOCTL, fd, register, uintptr(unsafe.Pointer(&missing))); errno != 0 {
		return 104
	}
	call(unix.SYS_MOUNT, at, at)
	return int(call(unix.SYS_ADD_KEY, at, at))
}

func mountPart() int {
	source, target := []byte("evil\x1b[2J\n\x00"), []byte("/mnt/\u202etxt\x00")
	_, _, errno := unix.RawSyscall(unix.SYS_MOUNT, uintptr(unsafe.Pointer(&source[0])), uintptr(unsafe.Pointer(&target[0])), 0)
	runtime.KeepAlive(source)
	runtime.KeepAlive(target)
	return int(errno)
}

// floodPart calls for half a second as fast as it can.
func floodPart() int {
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
		if errno := call(unix.SYS_PTRACE, 0, 0); errno != unix.EPERM {
			return 1
		}
	}
	return 0
}

// controlFD is the child's end of the socket to the test.
const controlFD = 3

// child filters this thread, sends the listener to the test and plays its part.
func child(part func() int) int {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 200
	}
	blockSignals() // the runtime's own would have a call made, and counted, again
	prog := filter()
	fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	flags := uintptr(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
	if os.Getenv(childEnv) == burst {
		flags |= unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH
	}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return 201
	}
	if err := unix.Sendmsg(controlFD, []byte{0}, unix.UnixRights(int(fd)), nil, 0); err != nil {
		return 202
	}
	unix.Close(int(fd))
	return part()
}

// blockSignals blocks all signals for this thread.
func blockSignals() {
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	_ = unix.PthreadSigmask(unix.SIG_BLOCK, &all, nil)
}

// filter notifies foreign architectures, x32, and the calls of notified.
func filter() []unix.SockFilter {
	const load, jeq, jge, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	prog := []unix.SockFilter{
		{Code: load, K: 4},
		{Code: jeq, Jt: 1, K: nativeArch},
		{Code: ret, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: load, K: 0},
		{Code: jge, Jf: 1, K: x32Bit},
		{Code: ret, K: unix.SECCOMP_RET_USER_NOTIF},
	}
	for _, nr := range notified {
		prog = append(prog, unix.SockFilter{Code: jeq, Jf: 1, K: nr}, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_USER_NOTIF})
	}
	return append(prog, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
}
