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

	"github.com/jailrun/jail/test/proctree"
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
	waitUntil(s.t, "the program is gone", func() bool { return len(proctree.Below(s.Process.Pid)) == 0 })
}

// dies waits for jail's end, which must be of sig.
func (s *stalled) dies(name string, sig syscall.Signal) {
	s.t.Helper()
	const soon = 15 * time.Second // a few at most, on a busy machine
	done := make(chan error, 1)
	go func() { done <- s.Wait() }()
	select {
	case <-done:
	case <-time.After(soon):
		s.t.Fatalf("%s: jail still lives %v later", name, soon)
	}
	if ws, ok := s.ProcessState.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() || ws.Signal() != sig {
		s.t.Errorf("%s: jail ended with %v, want %v", name, s.ProcessState, sig)
	}
}

// unread are jails that wait for a reader who does not read, and the state in
// which each gets a signal. The first three have no program any more, and the last
// two have only their own lines to write.
var unread = []struct {
	name string
	both bool
	args []string
	in   []func(*stalled)
	sig  syscall.Signal
}{
	{"program gone, SIGTERM", false, short, []func(*stalled){(*stalled).filled, (*stalled).over}, unix.SIGTERM},
	{"program gone, SIGHUP", false, short, []func(*stalled){(*stalled).filled, (*stalled).over}, unix.SIGHUP},
	{"program gone, SIGQUIT", false, short, []func(*stalled){(*stalled).filled, (*stalled).over}, unix.SIGQUIT},
	{"output unread, SIGTERM", false, long, []func(*stalled){(*stalled).filled}, unix.SIGTERM},
	{"output unread, SIGINT", false, long, []func(*stalled){(*stalled).filled}, unix.SIGINT},
	{"nothing read, SIGTERM", true, long, []func(*stalled){(*stalled).filled}, unix.SIGTERM},
	{"nothing read, SIGINT", true, long, []func(*stalled){(*stalled).filled}, unix.SIGINT},
	{"own line unread, SIGTERM", true, cut, []func(*stalled){(*stalled).over, (*stalled).reports}, unix.SIGTERM},
	{"own line unread, SIGINT", true, cut, []func(*stalled){(*stalled).over, (*stalled).reports}, unix.SIGINT},
}

var (
	short = []string{"--", "head", "-c", "100000", "/dev/zero"}
	long  = []string{"--", "yes"}
	cut   = []string{"--wall", "100ms", "--", "yes"}
)

// One signal is enough, as timeout(1) and service managers take it to be. All
// wait their seconds at the same time.
func TestWhoDoesNotReadKeepsJailFromNoSignal(t *testing.T) {
	jails := make([]*stalled, len(unread))
	for i, u := range unread {
		jails[i] = stall(t, u.both, u.args...)
	}
	for i, u := range unread {
		for _, reached := range u.in {
			reached(jails[i])
		}
		if err := jails[i].Process.Signal(u.sig); err != nil {
			t.Fatalf("%s: %v", u.name, err)
		}
	}
	for i, u := range unread {
		jails[i].dies(u.name, u.sig)
	}
}

// reports waits until jail writes its own line.
func (s *stalled) reports() { s.blocked(2) }

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
