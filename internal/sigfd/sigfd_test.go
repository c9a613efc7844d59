package sigfd

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if os.Getenv("SIGFD_TEST_CHILD") != "" {
		child()
	}
	os.Exit(m.Run())
}

// child waits for a signal, tells it, and dies of it.
func child() {
	fd, err := Notify(unix.SIGTERM, unix.SIGUSR1)
	if err != nil {
		os.Exit(3)
	}
	if _, err := Notify(unix.SIGUSR2); err != ErrTwice {
		os.Exit(8)
	}
	if err := unix.Kill(unix.Getpid(), unix.SIGUSR1); err != nil {
		os.Exit(4)
	}
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for n := 0; n != 1; {
		n, _ = unix.Poll(p, -1) // EINTR: the signal itself
	}
	if s, ok := Next(fd); !ok || s != unix.SIGUSR1 {
		os.Exit(5)
	}
	if _, ok := Next(fd); ok {
		os.Exit(6)
	}
	Again(unix.SIGUSR1)
	if s, ok := Next(fd); !ok || s != unix.SIGUSR1 {
		os.Exit(9)
	}
	if Reset(unix.SIGTERM) != nil || unix.Kill(unix.Getpid(), unix.SIGTERM) != nil {
		os.Exit(7)
	}
	select {}
}

func TestSignalsAreBytesUntilTheyAreReset(t *testing.T) {
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), "SIGFD_TEST_CHILD=1")
	err := c.Run()
	ws, ok := c.ProcessState.Sys().(interface {
		Signaled() bool
		Signal() unix.Signal
	})
	if !ok || !ws.Signaled() || ws.Signal() != unix.SIGTERM {
		t.Errorf("got %v", err)
	}
}
