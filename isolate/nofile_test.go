package isolate

import (
	"errors"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// fill takes every descriptor that is left up to a limit.
func fill() (fds []int) {
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fds
		}
		fds = append(fds, fd)
	}
}

// limited lowers the limit of open files, so that it is met soon, until the
// function that it gives is called, or the test ends.
func limited(t *testing.T, n uint64) (raise func()) {
	t.Helper()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	raise = func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &old) }
	t.Cleanup(raise)
	return raise
}

// The kernel drops the descriptors of a message for which there is no room. A
// launch must then fail whole: without the filter's listener a call that the
// policy wants answered by the jail's end would be refused and no more, and
// without its pidfd pid 1 would not be reaped.
func TestALaunchThatLosesDescriptorsFails(t *testing.T) {
	if err := Command(nil, "true").Run(); err != nil { // what is learnt once
		t.Fatal(err)
	}
	limited(t, 256)
	p := &policy.Policy{Seccomp: policy.Seccomp{OnSuspicious: policy.SuspiciousKill}}
	lost := 0
	for delay := time.Duration(0); delay < 8*time.Millisecond; delay += 100 * time.Microsecond {
		c := Command(p, "unshare", "--mount", "true")
		filled := make(chan []int, 1)
		go func() {
			time.Sleep(delay)
			filled <- fill()
		}()
		err := c.Run()
		closeFds(<-filled)
		if res := c.Result(); res.Reason != result.Syscall && res.Reason != result.SetupFailed {
			t.Errorf("after %v: reason %s, %v", delay, res.Reason, err)
		}
		if errors.Is(err, errLostFds) {
			lost++
		}
	}
	if lost == 0 {
		t.Error("no message lost its descriptors: nothing was tried")
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("child %d is left: %v", pid, err)
	}
}
