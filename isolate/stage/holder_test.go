package stage

import (
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func namespaceOf(t *testing.T, pid string) string {
	t.Helper()
	ns, err := os.Readlink("/proc/" + pid + "/ns/user")
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

func hold(t *testing.T) *Holder {
	t.Helper()
	h, err := Hold(unix.CLONE_NEWUSER)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAHolderHasItsNamespaceAndIsGoneAtItsEnd(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	h := hold(t)
	pid := strconv.Itoa(h.PID)
	if namespaceOf(t, pid) == namespaceOf(t, "self") {
		t.Error("the holder is in our own user namespace")
	}
	h.End()
	if err := unix.Kill(h.PID, 0); err != unix.ESRCH {
		t.Errorf("kill(%d, 0) after End: %v, want ESRCH", h.PID, err)
	}
}

// A signal to the process group reaches a holder too, and must not run the
// runtime's handler there: it would be a Go thread with another's memory.
func TestManyHoldersUnderSignals(t *testing.T) {
	got := make(chan os.Signal, 1)
	signal.Notify(got, unix.SIGUSR1)
	defer signal.Stop(got)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for range 50 {
				h, err := Hold(unix.CLONE_NEWUSER)
				if err != nil {
					t.Error(err)
					return
				}
				_ = unix.Kill(h.PID, unix.SIGUSR1)
				_ = unix.Kill(unix.Getpid(), unix.SIGUSR1)
				if err := unix.Kill(h.PID, 0); err != nil {
					t.Errorf("the holder is gone: %v", err)
				}
				h.End()
			}
		})
	}
	all.Wait()
}

func TestAHolderDiesWithItsThread(t *testing.T) {
	pidfd := make(chan int, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		h, err := Hold(unix.CLONE_NEWUSER)
		if err != nil {
			t.Error(err)
			close(pidfd)
			return
		}
		fd, err := unix.PidfdOpen(h.PID, 0)
		if err != nil {
			t.Error(err)
		}
		pidfd <- fd
	}()
	fd, ok := <-pidfd
	if !ok {
		return
	}
	defer unix.Close(fd)
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(p, 5000); n != 1 || err != nil {
		t.Errorf("the holder is alive 5 s after its thread: poll %d, %v", n, err)
	}
	_ = unix.Waitid(unix.P_PIDFD, fd, nil, unix.WEXITED|unix.WALL, nil)
}

func TestAHolderOfAnotherParentEnds(t *testing.T) {
	const nobodys = 1 << 30
	pid := cloneHolder(unix.CLONE_NEWUSER|unix.CLONE_VM|unix.CLONE_FILES, nobodys)
	if pid < 0 {
		t.Fatal(unix.Errno(-pid))
	}
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, unix.WALL, nil); err != nil || !ws.Exited() {
		t.Errorf("wait4: %v, status %#x, want an exit", err, ws)
	}
}

func TestHoldGivesTheKernelsError(t *testing.T) {
	if h, err := Hold(unix.CLONE_NEWUSER | unix.CLONE_THREAD); err == nil {
		h.End()
		t.Error("clone took flags that exclude each other")
	}
}
