package confine

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if os.Getenv("CONFINE_TEST") != "" {
		os.Exit(confined())
	}
	os.Exit(m.Run())
}

// tries are calls that a supervisor makes no more. None would do any harm if it were
// let.
var tries = []struct {
	name string
	call func() unix.Errno
}{
	{"execve", func() unix.Errno { return raw(unix.SYS_EXECVE, 0, 0, 0) }},
	{"mount", func() unix.Errno { return raw(unix.SYS_MOUNT, 0, 0, 0) }},
	{"ptrace", func() unix.Errno { return raw(unix.SYS_PTRACE, unix.PTRACE_PEEKDATA, 0, 0) }},
	{"unshare", func() unix.Errno { return raw(unix.SYS_UNSHARE, unix.CLONE_NEWUTS, 0, 0) }},
	{"bpf", func() unix.Errno { return raw(unix.SYS_BPF, 1<<20, 0, 0) }},
	{"setresuid", func() unix.Errno { return raw(unix.SYS_SETRESUID, ^uintptr(0), ^uintptr(0), ^uintptr(0)) }},
	{"socket", func() unix.Errno { return raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, 0) }},
}

func raw(nr, a, b, c uintptr) unix.Errno {
	_, _, errno := unix.RawSyscall(nr, a, b, c)
	return errno
}

// confined gives up, and looks from two threads: 0 if nothing is let and the rest
// works.
func confined() int {
	if err := Self(); err != nil {
		println(err.Error())
		return 1
	}
	var all sync.WaitGroup
	bad := make(chan string, 32)
	for range 2 {
		all.Go(func() {
			runtime.LockOSThread()
			for _, t := range tries {
				if errno := t.call(); errno != unix.EPERM {
					bad <- t.name + ": " + errno.Error()
				}
			}
			if fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); err != nil {
				bad <- "socket(AF_UNIX): " + err.Error()
			} else {
				unix.Close(fd)
			}
			if _, err := os.ReadFile("/proc/self/stat"); err != nil {
				bad <- err.Error()
			}
		})
	}
	all.Wait()
	close(bad)
	status := 0
	for b := range bad {
		println(b)
		status = 1
	}
	return status
}

func TestNothingIsLeftThatASupervisorDoesNotNeed(t *testing.T) {
	open := 0
	for _, try := range tries {
		if errno := try.call(); errno != unix.EPERM {
			open++
		}
	}
	if open < len(tries)-1 { // what an outer filter refuses shows nothing
		t.Logf("outside %d of %d calls come through", open, len(tries))
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), "CONFINE_TEST=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
