package stage

import (
	"bytes"
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
	h, err := Hold()
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
	h.Reap()
	if err := unix.Kill(h.PID, 0); err != unix.ESRCH {
		t.Errorf("kill(%d, 0) after End and Reap: %v, want ESRCH", h.PID, err)
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
				h, err := Hold()
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
				h.Reap()
			}
		})
	}
	all.Wait()
}

func TestAHolderDiesWithItsThread(t *testing.T) {
	type answer struct {
		h     *Holder
		pidfd int
		err   error
	}
	held := make(chan answer, 1)
	var hold func()
	hold = func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			go hold() // the main thread never ends; while this one has it, another gets one that does
			return
		}
		h, err := Hold()
		if err != nil {
			held <- answer{err: err}
			return
		}
		fd, err := unix.PidfdOpen(h.PID, 0)
		for err == nil && !sleeps(h.PID) { // its parent's death counts from then on
			runtime.Gosched()
		}
		held <- answer{h, fd, err}
	}
	go hold()
	a := <-held
	if a.err != nil {
		t.Fatal(a.err)
	}
	defer unix.Close(a.pidfd)
	p := []unix.PollFd{{Fd: int32(a.pidfd), Events: unix.POLLIN}}
	if n, err := unix.Poll(p, 5000); n != 1 && err != unix.EINTR {
		t.Errorf("the holder is alive 5 s after its thread: poll %d, %v", n, err)
	}
	a.h.End()
	a.h.Reap()
}

// sleeps says whether a process waits, proc_pid_stat(5).
func sleeps(pid int) bool {
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return len(state) > 0 && state[0] == 'S'
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

func TestTheKernelsErrorIsGiven(t *testing.T) {
	if pid := cloneHolder(unix.CLONE_NEWUSER|unix.CLONE_THREAD, 0); pid >= 0 {
		t.Error("clone took flags that exclude each other")
	}
}
