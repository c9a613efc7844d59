package images

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/isolate/result"
)

// nobody is the ordinary user: no name, no groups, no delegated cgroup.
const nobody = 65534

// user has a folder and a store of his own.
type user struct {
	uid int
	dir string
}

// newUser gives a test a user whose store is empty.
func newUser(t *testing.T, uid int) *user {
	t.Helper()
	if uid != os.Geteuid() && os.Geteuid() != 0 {
		t.Skip("feature root: not run as root")
	}
	dir, err := os.MkdirTemp(built, "user-")
	must(t, err)
	t.Cleanup(func() { removeAll(t, dir) })
	must(t, os.Lchown(dir, uid, uid))
	return &user{uid, dir}
}

func removeAll(t *testing.T, dir string) {
	if err := os.RemoveAll(dir); err != nil {
		t.Errorf("what a test has made stays: %v", err)
	}
}

// ordinary is the ordinary user's uid, or our own where we can't become another.
func ordinary() int {
	if os.Geteuid() == 0 {
		return nobody
	}
	return os.Geteuid()
}

// asRootAndNot plays a test as root and as an ordinary user.
func asRootAndNot(t *testing.T, test func(t *testing.T, u *user)) {
	for name, uid := range map[string]int{"root": 0, "ordinary_user": ordinary()} {
		t.Run(name, func(t *testing.T) { test(t, newUser(t, uid)) })
	}
}

// store is the user's.
func (u *user) store() string { return filepath.Join(u.dir, "store") }

// file makes a file in the user's folder.
func (u *user) file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(u.dir, name)
	must(t, os.WriteFile(path, content, 0o600))
	must(t, os.Lchown(path, u.uid, u.uid))
	return path
}

// command is one of jail's, in the user's folder.
func (u *user) command(args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(built, "jail"), args...)
	c.Dir = u.dir
	c.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + u.dir, "JAIL_STORE=" + u.store()}
	c.SysProcAttr = &syscall.SysProcAttr{}
	if u.uid != os.Geteuid() {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(u.uid), Gid: uint32(u.uid)}
	}
	return c
}

// ran is what came of a command.
type ran struct {
	out, err string
	status   int
}

func (u *user) run(t *testing.T, args ...string) ran {
	t.Helper()
	return finished(t, u.command(args...))
}

func finished(t *testing.T, c *exec.Cmd) ran {
	t.Helper()
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{out.String(), said.String(), c.ProcessState.ExitCode()}
}

// does runs a command of jail's that must succeed, and gives what it has printed.
func (u *user) does(t *testing.T, args ...string) string {
	t.Helper()
	r := u.run(t, args...)
	if r.status != 0 {
		t.Fatalf("jail %s: status %d\n%s%s", strings.Join(args, " "), r.status, r.out, r.err)
	}
	return r.out
}

// exec runs a program in a jail, and gives the result too.
func (u *user) exec(t *testing.T, args ...string) (ran, *result.Result) {
	t.Helper()
	file := filepath.Join(u.dir, "result.json")
	r := u.run(t, append([]string{"exec", "--quiet", "--json", file}, args...)...)
	b, err := os.ReadFile(file)
	must(t, err)
	res := &result.Result{}
	if err := json.Unmarshal(b, res); err != nil {
		t.Fatalf("%v in %q; jail said %s", err, b, r.err)
	}
	must(t, os.Remove(file))
	return r, res
}

// says runs a script in a jail that must end well, and gives its output.
func (u *user) says(t *testing.T, flags string, script ...string) string {
	t.Helper()
	r, res := u.exec(t, append(append(strings.Fields(flags), "--"), script...)...)
	if r.status != 0 {
		t.Fatalf("%s -- %s: %s, status %d\n%s%s", flags, strings.Join(script, " "), res.Reason, r.status, r.out, r.err)
	}
	return r.out
}

func wants(t *testing.T, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in %s", p, text)
		}
	}
}

// diskUse is what a tree takes of the disk, in bytes, as du(1) counts.
func diskUse(t *testing.T, dir string) int64 {
	t.Helper()
	out, err := exec.Command("du", "-s", "-B1", dir).Output()
	must(t, err)
	n, err := strconv.ParseInt(strings.Fields(string(out))[0], 10, 64)
	must(t, err)
	return n
}
