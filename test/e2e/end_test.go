package e2e

import (
	"testing"

	"golang.org/x/sys/unix"
)

// ends holds a pidfd of each process whose end is waited for.
type ends []unix.PollFd

func watchEnd(t *testing.T, pids []int) *ends {
	t.Helper()
	var list ends
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatalf("pidfd of %d: %v", pid, err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		list = append(list, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	return &list
}

// wait fails the test unless all end within seconds of each other.
func (e *ends) wait(t *testing.T) {
	t.Helper()
	const patience = 10000 // milliseconds
	for i := range *e {
		n, err := unix.Poll((*e)[i:i+1], patience)
		for err == unix.EINTR {
			n, err = unix.Poll((*e)[i:i+1], patience)
		}
		if err != nil || n != 1 {
			t.Errorf("a process inside outlived its supervisor (%v)", err)
		}
	}
}
