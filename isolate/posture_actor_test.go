package isolate_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/posture"
)

// An actor is this test's binary, started again by itself: as another user, in
// namespaces of its own, with an awkward state to inherit, or to be killed.
const (
	actorVar = "JAIL_TEST_ACTOR" // which part it plays
	dirVar   = "JAIL_TEST_DIR"   // where it works: the reporter is there, and its answers go there
	argVar   = "JAIL_TEST_ARG"
)

var actors = map[string]func(*testing.T){
	"reports": actReports,
	"dirt":    actDirt,
	"dirty":   actDirty,
	"thief":   actThief,
	"victim":  actVictim,
	"brood":   actBrood,
	"census":  actCensus,
	"words":   actLastWords,
}

// TestActor does nothing but in a process that a test has started for a part.
func TestActor(t *testing.T) {
	if part := os.Getenv(actorVar); part != "" {
		actors[part](t)
	}
}

// actor makes the command of a part in dir. Its output is the test's log.
func actor(t *testing.T, part, dir, arg string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), filepath.Join(dir, "self"), "-test.run=^TestActor$", "-test.count=1")
	c.Env = append(os.Environ(), actorVar+"="+part, dirVar+"="+dir, argVar+"="+arg, "GORACE=atexit_sleep_ms=0")
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	c.Dir = dir
	return c
}

// stageDir is a folder that every user can enter, with this binary and the
// reporter in it.
func stageDir(t *testing.T) string {
	t.Helper()
	return stageDirIn(t, "")
}

func stageDirIn(t *testing.T, base string) string {
	t.Helper()
	dir, err := os.MkdirTemp(base, "jail-posture-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	self, err := os.Executable()
	must(t, err)
	copyFile(t, self, filepath.Join(dir, "self"))
	b, err := reporter()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "posture"), b, 0o755))
	return dir
}

// reporter is the reporter's program, built once.
var reporter = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "jail-reporter-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "posture")
	if err := posture.Build(context.Background(), program); err != nil {
		return nil, err
	}
	return os.ReadFile(program)
})

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if os.Link(from, to) == nil {
		return
	}
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, errors.Join(err, out.Close()))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// here is where an actor works.
func here(name string) string { return filepath.Join(os.Getenv(dirVar), name) }

// actReports reports from outside and from inside a default jail.
func actReports(t *testing.T) { reportBoth(t, nil) }

func reportBoth(t *testing.T, p *policy.Policy) {
	t.Helper()
	must(t, outside(here("outside"), 0, 1, 2))
	must(t, inside(p, here("posture"), here("inside")))
}

// outside runs the reporter as a plain child that inherits what it can.
func outside(to string, fds ...uintptr) error {
	program := filepath.Join(filepath.Dir(to), "posture")
	pid, err := syscall.ForkExec(program, []string{"posture", to}, &syscall.ProcAttr{Env: append(os.Environ(), "SECRET=hush"), Files: fds})
	if err != nil {
		return err
	}
	var ws syscall.WaitStatus
	for {
		if _, err = syscall.Wait4(pid, &ws, 0, nil); err != syscall.EINTR {
			break
		}
	}
	if err == syscall.ECHILD {
		return nil // SIGCHLD is ignored: the end was waited for, the status is nobody's
	}
	if err == nil && ws != 0 {
		err = errors.New("the reporter failed")
	}
	return err
}

// inside runs the reporter in a jail, and writes its report to a file.
func inside(p *policy.Policy, program, to string) error {
	var out, errs bytes.Buffer
	c := isolate.Command(p, "/box/posture")
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Show(filepath.Dir(program), filepath.Base(program)); err != nil {
		return err
	}
	if err := c.Run(); err != nil {
		return errors.Join(err, errors.New(errs.String()))
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// readReport reads a report that an actor has left.
func readReport(t *testing.T, path string) posture.Report {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	r, err := posture.Parse(string(b))
	must(t, err)
	return r
}

// asNobody makes a command run as an ordinary user who may write in its folder.
func asNobody(t *testing.T, c *exec.Cmd) {
	t.Helper()
	needRoot(t)
	const nobody = 65534
	must(t, os.Chown(c.Dir, nobody, nobody))
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SETUID to become another user")
	}
}

// run runs an actor, which must not fail.
func run(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Run(); err != nil {
		t.Fatalf("%s: %v", strings.Join(c.Args, " "), err)
	}
}
