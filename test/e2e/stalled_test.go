package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stalled is a jail whose standard output, and standard error if both, is a pipe
// that is full and that nobody reads.
type stalled struct {
	*exec.Cmd
	t    *testing.T
	full *os.File // the pipe's end to read
}

func stall(t *testing.T, both bool, args ...string) *stalled {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	s := &stalled{Cmd: exec.Command(built, append([]string{"exec"}, args...)...), t: t, full: r}
	s.Stdout = w
	if both {
		s.Stderr = w
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Process.Kill() // it has ended, unless the test failed
		r.Close()
	})
	return s
}

// waitUntil polls what no event tells: the state of another process.
func waitUntil(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in 20 s it did not come to this: " + what)
		}
	}
}

// filled waits until the pipe can take no more.
func (s *stalled) filled() {
	s.t.Helper()
	const room = 64 << 10
	waitUntil(s.t, "the pipe is full", func() bool {
		n, err := unix.IoctlGetInt(int(s.full.Fd()), unix.TIOCINQ)
		return err == nil && n > room-4096
	})
}

// over waits until no process of the jail is left.
func (s *stalled) over() {
	s.t.Helper()
	waitUntil(s.t, "the program is gone", func() bool { return len(descendants(s.Process.Pid)) == 0 })
}

// dies waits for jail's end, which must be of sig and soon.
func (s *stalled) dies(sig syscall.Signal, soon time.Duration) {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.Wait() }()
	select {
	case <-done:
	case <-time.After(soon):
		s.t.Fatalf("jail still lives %v later", soon)
	}
	if ws := s.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != sig {
		s.t.Errorf("jail ended with %v, want %v", s.ProcessState, sig)
	}
}

func TestASignalForAProgramThatIsGoneEndsTheWaitForItsReader(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			t.Parallel()
			s := stall(t, false, "--quiet", "--", "head", "-c", "100000", "/dev/zero")
			s.filled()
			s.over()
			_ = s.Process.Signal(sig)
			s.dies(sig, 10*time.Second)
		})
	}
}

func TestOneSignalIsEnoughWhereNobodyReads(t *testing.T) {
	for name, both := range map[string]bool{"output": false, "output and errors": true} {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			t.Run(name+" "+unix.SignalName(sig), func(t *testing.T) {
				t.Parallel()
				s := stall(t, both, "--", "yes")
				s.filled()
				_ = s.Process.Signal(sig)
				s.dies(sig, 20*time.Second)
			})
		}
	}
}

func TestAStalledStandardErrorKeepsJailFromNoSignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			t.Parallel()
			s := stall(t, true, "--wall", "300ms", "--", "yes")
			s.filled()
			s.over()
			s.blocked(2)
			_ = s.Process.Signal(sig)
			s.dies(sig, 10*time.Second)
		})
	}
}

// blocked waits until jail writes a line of its own to fd, which has no room.
func (s *stalled) blocked(fd int) {
	s.t.Helper()
	waitUntil(s.t, "jail writes its line", func() bool {
		for _, task := range threads(s.Process.Pid) {
			text, _ := os.ReadFile(task + "/syscall") // it may be running
			if strings.HasPrefix(string(text), "1 0x"+strconv.Itoa(fd)+" ") {
				return true
			}
		}
		return false
	})
}

func threads(pid int) []string {
	list, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*")
	return list
}
