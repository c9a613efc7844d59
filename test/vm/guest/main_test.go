//go:build guest

package guest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/vm/job"
	"golang.org/x/sys/unix"
)

// partVar names the part that this binary plays when it is started by a test:
// in a jail, or outside of one to show that it can be done there.
const partVar = "GUEST_PART"

func TestMain(m *testing.M) {
	part, arg, _ := strings.Cut(os.Getenv(partVar), " ")
	if part == "" {
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // what a part does to itself it does to a thread
	fmt.Print(outcome(parts[part](arg)))
}

var parts = map[string]func(string) error{
	"bind":       func(string) error { return bind() },
	"connect":    connect,
	"signal":     signal,
	"write":      func(path string) error { return appendTo(path) },
	"read":       func(path string) error { _, err := os.ReadFile(path); return err },
	"restricted": restricted,
}

// outcome is "done", or the name of an error.
func outcome(err error) string {
	var e unix.Errno
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &e):
		return unix.ErrnoName(e)
	}
	return err.Error()
}

// outside plays a part without a jail.
func outside(t *testing.T, part string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "/proc/self/exe")
	c.Env = append(os.Environ(), partVar+"="+part)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(part, err)
	}
	return string(out)
}

// inside plays a part in a jail of policy p, which also shows it files.
func inside(t *testing.T, p policy.Policy, part string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.Env = append(p.Env, partVar+"="+part)
	p.Files = append(p.Files, policy.File{Kind: policy.FileRO, Source: self, Target: self})
	var out, errs bytes.Buffer
	c := isolate.Command(&p, self)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatal(part, err, errs.String())
	}
	return out.String()
}

// refused holds a part to what Landlock refuses from an ABI on: before, it can
// be done in the jail too, and it always can outside.
func refused(t *testing.T, p policy.Policy, part string, from int, errno string) {
	t.Helper()
	if got := outside(t, part); got != "done" {
		t.Fatalf("outside: %s", got)
	}
	want := "done"
	if landlock() >= from {
		want = errno
	}
	if got := inside(t, p, part); got != want {
		t.Errorf("inside, with Landlock ABI %d: %s, want %s", landlock(), got, want)
	}
}

// landlock is the ABI, 0 without (landlock_create_ruleset(2)).
func landlock() int {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

// fact tells the host a cell of its table.
func fact(name, value string) {
	fmt.Printf("%s %s %s = %s\n", job.Mark, job.Fact, name, value)
}

func bind() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
}

// connect reaches a unix socket; a name that begins with @ is abstract.
func connect(name string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: name})
}

// signal asks whether a process may be signaled.
func signal(pid string) error {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return err
	}
	return unix.Kill(n, 0)
}

func appendTo(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	return f.Close()
}
