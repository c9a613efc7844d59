package faults

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// supervisor is a jail command whose result is read, and whose standard error is
// kept.
type supervisor struct {
	*exec.Cmd
	g    *ground
	out  *bufio.Reader
	errs *bytes.Buffer
	said *os.File
	told *bufio.Reader // its standard error, where a launch halts

	endThen func() // called when it has ended, nil for nothing
}

// start starts jail exec with its result on a descriptor. What is done to the
// command before is its caller's.
func (g *ground) start(c *exec.Cmd) *supervisor {
	g.t.Helper()
	read, write, err := os.Pipe()
	must(g.t, err)
	defer write.Close()
	c.ExtraFiles = []*os.File{write}
	s := &supervisor{Cmd: c, g: g, said: read, errs: &bytes.Buffer{}}
	out, err := c.StdoutPipe()
	must(g.t, err)
	s.out = bufio.NewReader(out)
	if strings.HasSuffix(c.Path, halting) {
		told, err := c.StderrPipe()
		must(g.t, err)
		s.told = bufio.NewReader(told)
	} else {
		c.Stderr = s.errs
	}
	must(g.t, c.Start())
	must(g.t, g.owners.Add(c.Process.Pid))
	return s
}

// startHalting starts a jail that halts before op i for a while, and says whether
// it has come there.
func (g *ground) startHalting(i int, halt time.Duration) (s *supervisor, halts bool) {
	g.t.Helper()
	c := g.jail(halting, withResult("--", "/bin/true")...)
	c.Env = append(c.Environ(), fmt.Sprintf("JAIL_HALT=%d,%d,%d", i, halt.Milliseconds(), g.launches))
	s = g.start(c)
	line, _ := s.told.ReadString('\n') // at its end it is empty
	return s, strings.HasPrefix(line, "halted: ")
}

// withResult are the arguments of a jail whose result is read.
func withResult(args ...string) []string {
	return append([]string{"exec", "--quiet", "--status-fd", "3"}, args...)
}

// hangs is after how long a supervisor is taken to hang.
const hangs = 40 * time.Second

// end waits for its end, and gives its exit status as a shell sees it and its
// result, nil if it has left none.
func (s *supervisor) end() (int, *result.Result) {
	s.g.t.Helper()
	late := time.AfterFunc(hangs, func() {
		s.g.t.Errorf("%v hangs", s.Args)
		_ = s.Process.Kill()
	})
	defer late.Stop()
	_, _ = io.Copy(io.Discard, s.out)
	if s.told != nil {
		_, _ = io.Copy(s.errs, s.told)
	}
	text, err := io.ReadAll(s.said)
	must(s.g.t, err)
	s.said.Close()
	_ = s.Wait() // the state says it
	if s.endThen != nil {
		s.endThen()
	}
	status := s.ProcessState.ExitCode()
	if ws := s.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
		status = 128 + int(ws.Signal())
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return status, nil
	}
	res := &result.Result{}
	if err := json.Unmarshal(text, res); err != nil {
		s.g.t.Errorf("%v in %q", err, text)
	}
	return status, res
}

// line reads the next line of the program's.
func (s *supervisor) line(want string) {
	s.g.t.Helper()
	got, err := s.out.ReadString('\n')
	if strings.TrimSpace(got) != want {
		s.g.t.Fatalf("the program said %q (%v), not %q; %s", got, err, want, s.errs)
	}
}

func (s *supervisor) signal(sig unix.Signal) {
	s.g.t.Helper()
	must(s.g.t, s.Process.Signal(sig))
}

// holdFailed checks a run from which something was taken: it has ended well, or
// its launch failed and says so; a verdict on the program would be wrong.
func (s *supervisor) holdFailed(what string) (worked bool) {
	s.g.t.Helper()
	status, res := s.end()
	if left := s.g.left(); left != "" {
		s.g.t.Errorf("%s: this is left:\n%s", what, left)
	}
	switch {
	case res != nil && res.Reason == result.Exited && status == 0:
		return true
	case res != nil && (res.Reason == result.SetupFailed || res.Reason == result.Internal) && status == result.StatusFailed:
	case res == nil && crashed(status, s.errs.String()):
	default:
		s.g.t.Errorf("%s: status %d, %s: %s", what, status, sentence(res), s.errs)
	}
	return false
}

// crashed says whether jail, or prlimit before it, said that it failed, or had not
// even what it takes to say so: the kernel killed it (execve(2), the out-of-memory
// killer), or the Go runtime gave up. There is no result that could be wrong.
func crashed(status int, errs string) bool {
	const fatal = 2 // of the runtime's
	switch status {
	case result.StatusFailed, result.StatusNotExecuted, 128 + int(unix.SIGKILL), 128 + int(unix.SIGSEGV):
		return true
	}
	return status == fatal && (strings.Contains(errs, "fatal error: ") || strings.Contains(errs, "runtime: "))
}

func sentence(res *result.Result) string {
	if res == nil {
		return "no result"
	}
	return string(res.Reason) + ": " + result.Sentence(res)
}

// wants checks a verdict.
func (s *supervisor) wants(t *testing.T, reason result.Reason, status int) {
	t.Helper()
	got, res := s.end()
	if res == nil || res.Reason != reason || got != status {
		t.Errorf("status %d, %s; want %d, %s; %s", got, sentence(res), status, reason, s.errs)
	}
	if left := s.g.left(); left != "" {
		t.Errorf("this is left:\n%s", left)
	}
}
