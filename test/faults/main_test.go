// Package faults kills and stops supervisors at every step of a launch, and
// takes from them what they need, to show that nothing is left, that no verdict
// is wrong, and that none hangs.
package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/test/census"
)

const (
	partVar = "JAIL_FAULTS_PART" // which test a process in namespaces of its own plays
	dirVar  = "JAIL_FAULTS_DIR"
	allVar  = "JAIL_FAULTS" // "all": every step, not a sample
)

// The two that are built: jail as it is released, and one whose launches can be
// halted at a step.
const (
	released = "jail"
	halting  = "halting"
)

// built is the folder of both, which everybody may enter.
var built string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	if built = os.Getenv(dirVar); built != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("/var/tmp", "jail-faults-") // /tmp is covered where the census is taken
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = dir
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build makes both.
func build() error {
	if err := os.Chmod(built, 0o755); err != nil {
		return err
	}
	for name, tags := range map[string]string{released: "", halting: "jailtest"} {
		c := exec.Command("go", "build", "-tags", tags, "-o", filepath.Join(built, name), "github.com/jailrun/jail/cmd/jail")
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("build jail: %w\n%s", err, out)
		}
	}
	return nil
}

// apart plays a test as pid 1 of namespaces that are made for it, so that all
// that it finds there is of its own jails, and it can wait for all orphans. It
// says whether this is the process there.
func apart(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SYS_ADMIN for namespaces of its own")
	}
	if os.Getenv(partVar) == t.Name() {
		must(t, census.Apart())
		return true
	}
	self, err := os.Executable()
	must(t, err)
	c := exec.CommandContext(t.Context(), self, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v", "-test.timeout=30m")
	c.Env = append(os.Environ(), partVar+"="+t.Name(), dirVar+"="+built)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: census.Flags}
	out, err := c.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// users are those that jails are run as: an ordinary one has no delegated group.
var users = map[string]int{"root": 0, "ordinary user": 1000}

// asEach plays a test apart for each user.
func asEach(t *testing.T, test func(t *testing.T, uid int)) {
	for name, uid := range users {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			if apart(t) {
				test(t, uid)
			}
		})
	}
}

// jail makes a command of the program of that name.
func jail(name string, uid int, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(built, name), args...)
	c.Dir = "/"
	if uid != 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	return c
}

// each says of how many steps one is tried.
func each() int {
	if os.Getenv(allVar) == "all" {
		return 1
	}
	return 40
}

// sampled gives one in n of a list, or all of it.
func sampled[T any](list []T, n int) (some []T) {
	for i := range list {
		if each() == 1 || i%n == 0 {
			some = append(some, list[i])
		}
	}
	return some
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
