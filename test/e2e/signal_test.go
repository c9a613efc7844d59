package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/test/proctree"
)

// process is a jail at work.
type process struct {
	*exec.Cmd
	t      *testing.T
	out    *bufio.Reader
	result string
	errs   bytes.Buffer
}

// asEach runs a test as root, where we are, and as an ordinary user.
func asEach(t *testing.T, test func(t *testing.T, uid int)) {
	uids := map[string]int{"ordinary-user": ordinary()}
	if os.Geteuid() == 0 {
		uids["root"] = 0
	}
	for name, uid := range uids {
		t.Run(name, func(t *testing.T) { test(t, uid) })
	}
}

// openDir is a folder of the test's that every user may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// start runs script in a jail, and waits until it says that it is ready.
func start(t *testing.T, uid int, script string, flags ...string) *process {
	t.Helper()
	dir := openDir(t)
	p := &process{t: t, result: filepath.Join(dir, "result.json")}
	if err := os.Chown(dir, uid, uid); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"exec", "--json", p.result}, flags...)
	p.Cmd = exec.Command(built, append(args, "--", "sh", "-c", script)...)
	p.Dir, p.Stderr = dir, &p.errs
	if uid != os.Geteuid() {
		p.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() }) // it has ended, unless the test failed
	p.line("ready")
	return p
}

// line reads the next line of the program's, which must be want.
func (p *process) line(want string) {
	p.t.Helper()
	got, err := p.out.ReadString('\n')
	if strings.TrimSpace(got) != want {
		p.t.Fatalf("the program said %q (%v), want %q; stderr: %s", got, err, want, &p.errs)
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for jail's end, and gives its exit status as a shell sees it, and
// the result.
func (p *process) end() (int, *result.Result) {
	p.t.Helper()
	if _, err := io.Copy(io.Discard, p.out); err != nil {
		p.t.Fatal(err)
	}
	code := status(p.Wait())
	text, err := os.ReadFile(p.result)
	if err != nil {
		p.t.Fatalf("%v; stderr: %s", err, &p.errs)
	}
	res := &result.Result{}
	if err := json.Unmarshal(text, res); err != nil {
		p.t.Fatalf("%v in %q", err, text)
	}
	return code, res
}

func TestCtrlCEndsTheJailAndLeavesNothing(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		p := start(t, uid, "trap '' INT; sleep 1000 & echo ready; sleep 1000")
		inside := proctree.Below(p.Process.Pid)
		p.signal(syscall.SIGINT)
		code, res := p.end()
		if code != 130 || res.Reason != result.Canceled || res.Evidence.Killed != result.CauseCanceled {
			t.Errorf("status %d, reason %s, killed %q; want 130, canceled, canceled", code, res.Reason, res.Evidence.Killed)
		}
		gone(t, inside)
	})
}

func TestSignalsReachTheProgram(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGALRM} {
		t.Run(fmt.Sprint(int(s)), func(t *testing.T) {
			asEach(t, func(t *testing.T, uid int) {
				p := start(t, uid, fmt.Sprintf("trap 'echo got; exit 7' %d; echo ready; while :; do :; done", int(s)), "--wall", "20s")
				p.signal(s)
				p.line("got")
				code, res := p.end()
				if code != 7 || res.Reason != result.Exited {
					t.Errorf("status %d, reason %s; want 7, exited", code, res.Reason)
				}
			})
		})
	}
}

func TestProgramThatDiesOfAForwardedSignalGives128AndItsNumber(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		p := start(t, uid, "echo ready; exec sleep 1000")
		p.signal(syscall.SIGTERM)
		code, res := p.end()
		if code != 143 || res.Reason != result.Signaled || *res.SignalName != "SIGTERM" {
			t.Errorf("status %d, reason %s; want 143, signaled by SIGTERM", code, res.Reason)
		}
	})
}

func TestKilledSupervisorLeavesNoProcess(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		p := start(t, uid, "sleep 1000 & echo ready; sleep 1000")
		inside := proctree.Below(p.Process.Pid)
		if len(inside) < 3 {
			t.Fatalf("found %d processes inside, want init, sh and sleep", len(inside))
		}
		fds := watchEnd(t, inside)
		p.signal(syscall.SIGKILL)
		if _, err := io.Copy(io.Discard, p.out); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait() // it was killed
		fds.wait(t)
	})
}

// A jail whose pid 1 somebody has killed from outside has no account of its
// program's end: the reason of last resort.
func TestJailWhoseInitIsKilledFromOutsideIsInternal(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		p := start(t, uid, "echo ready; sleep 1000", "--wall", "20s")
		inside := proctree.Below(p.Process.Pid)
		if err := syscall.Kill(initOf(p.Process.Pid), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		code, res := p.end()
		if code != 125 || res.Reason != result.Internal || !res.Evidence.Started || res.Evidence.WaitStatus != nil {
			t.Errorf("status %d, reason %s; want 125, internal", code, res.Reason)
		}
		gone(t, inside)
	})
}

// initOf is the child of jail's that has children itself: the stage, which has
// started pid 1, has none.
func initOf(jail int) int {
	for _, pid := range proctree.Below(jail) {
		if len(proctree.Below(pid)) > 0 {
			return pid
		}
	}
	return 0
}

// gone checks that none of the processes is there any more: jail has answered,
// so all of it must be over.
func gone(t *testing.T, pids []int) {
	t.Helper()
	if len(pids) == 0 {
		t.Error("no process was found inside")
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("process %d is still there (%v)", pid, err)
		}
	}
}
