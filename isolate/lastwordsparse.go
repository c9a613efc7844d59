package isolate

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy/seccomp"
	"golang.org/x/sys/unix"
)

// The bounds of texts that the program chose, in bytes before they are escaped.
const (
	mostComm   = 16 // TASK_COMM_LEN
	mostTarget = 128
	mostWchan  = 64
)

// stat is what a look takes of /proc/PID/stat.
type stat struct {
	comm    []byte
	state   byte
	parent  int
	threads int64
}

// parseStat reads proc_pid_stat(5). The name is the program's to choose, and ends
// at the last bracket.
func parseStat(text []byte) (s stat, ok bool) {
	const state, ppid, threads = 0, 4 - 3, 20 - 3
	from, to := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if from < 0 || to < from {
		return s, false
	}
	f := bytes.Fields(text[to+1:])
	if len(f) <= threads {
		return s, false
	}
	s.comm, s.state = text[from+1:to], f[state][0]
	s.parent, _ = strconv.Atoi(string(f[ppid])) // the kernel writes numbers
	s.threads, _ = strconv.ParseInt(string(f[threads]), 10, 64)
	return s, true
}

// doings are the letters of proc_pid_stat(5) and proc_pid_status(5).
var doings = [...]struct {
	letters string
	is      result.Doing
}{
	{"R", result.DoingRun}, {"S", result.DoingWait}, {"D", result.DoingDisk}, {"Tt", result.DoingStopped}, {"ZXx", result.DoingEnded},
}

func doing(letter byte) result.Doing {
	for _, d := range doings {
		if bytes.IndexByte([]byte(d.letters), letter) >= 0 {
			return d.is
		}
	}
	return result.DoingUnknown
}

// waitingCall is the call that a thread waits in. Without a name it waits in none.
type waitingCall struct {
	runs  bool
	name  string
	fd    int
	hasFD bool
}

// parseSyscall reads proc_pid_syscall(5): "running", "-1 SP PC" of a thread that
// waits in no call, or a number with its arguments.
func parseSyscall(text []byte) (c waitingCall) {
	f := bytes.Fields(text)
	if len(f) == 0 {
		return c
	}
	nr, err := strconv.Atoi(string(f[0]))
	if err != nil || nr < 0 || len(f) < 2 {
		return waitingCall{runs: string(f[0]) == "running"}
	}
	c.name = seccomp.Name(nr)
	if slices.Contains(aboutFD[:], c.name) {
		arg, err := strconv.ParseUint(string(f[1]), 0, 64)
		c.fd = int(int32(arg)) // the kernel looks at no more of it
		c.hasFD = err == nil && c.fd >= 0
	}
	return c
}

// aboutFD are the calls that can wait and whose first argument is a descriptor.
var aboutFD = [...]string{
	"read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2",
	"recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg", "accept", "accept4", "connect",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "io_uring_enter", "mq_timedreceive", "mq_timedsend",
	"sendfile", "splice", "tee", "vmsplice", "copy_file_range", "flock", "fcntl", "ioctl", "close",
	"fsync", "fdatasync", "sync_file_range", "syncfs", "ftruncate", "fallocate", "readahead", "getdents64", "fstat", "lseek",
}

// linkOf tells what a descriptor of a thread's leads to. The link is read, and
// not followed: the kernel makes its text of what is open.
func linkOf(dir, fd int) *string {
	var room [mostTarget + 1]byte
	n, err := unix.Readlinkat(dir, "fd/"+strconv.Itoa(fd), room[:])
	if err != nil {
		return absent(err)
	}
	return new(ascii(room[:n], mostTarget))
}

// ascii makes a text of the program's printable ASCII, without a quote or a
// backslash of its own, and short.
func ascii(text []byte, most int) string {
	cut := len(text) > most
	s := strconv.QuoteToASCII(string(text[:min(len(text), most)]))
	s = s[1 : len(s)-1]
	if cut {
		s += "..."
	}
	return s
}
