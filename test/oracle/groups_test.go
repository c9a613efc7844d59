package oracle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jailrun/jail/isolate/cgroup"
	"golang.org/x/sys/unix"
)

const root = "/sys/fs/cgroup"

var host = sync.OnceValues(cgroup.Detect)

func testHost(t *testing.T) *cgroup.Host {
	t.Helper()
	h, err := host()
	if err != nil {
		t.Fatal(err)
	}
	if h.Mode == cgroup.ModeNone {
		t.Skipf("needs a writable cgroup hierarchy with memory and pids: %v", h.Why())
	}
	return h
}

func testGroup(t *testing.T, s cgroup.Spec) *cgroup.Group {
	t.Helper()
	h := testHost(t)
	g, err := h.Create(h.NewName(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(g.Kill(), g.Remove()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// in starts a deed in a group and waits until it is done; it gives what the deed
// says it has cost.
func in(t *testing.T, g *cgroup.Group, deed string) int64 {
	t.Helper()
	c := exec.Command("/proc/self/exe")
	c.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if g.IntoFD() >= 0 {
		c.SysProcAttr.UseCgroupFD, c.SysProcAttr.CgroupFD = true, g.IntoFD()
	}
	for _, fd := range g.ProcsFDs() {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(dup), "cgroup.procs")
		defer f.Close()
		c.ExtraFiles = append(c.ExtraFiles, f)
	}
	c.Env = append(os.Environ(), deedVar+"="+deed, joinVar+"="+strconv.Itoa(len(c.ExtraFiles)))
	c.Stderr = os.Stderr
	if _, err := c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // Pdeathsig fires at the end of the thread that started the child
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Process.Kill(), c.Wait() })
	return costOf(t, out)
}

func costOf(t *testing.T, out io.Reader) int64 {
	t.Helper()
	line, err := bufio.NewReader(out).ReadString('\n')
	cost, bad := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil || bad != nil {
		t.Fatalf("it says %q: %v", line, err)
	}
	return cost
}

// find gives a group's folder below where a hierarchy is mounted, as the library
// wants it. A name that ends in a dash is that of any group that begins so.
func find(mount, name string) (string, error) {
	var found []string
	err := filepath.WalkDir(mount, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil //nolint:nilerr // a group that goes while we look is not ours
		}
		if d.Name() == name || strings.HasSuffix(name, "-") && strings.HasPrefix(d.Name(), name) && !strings.HasSuffix(d.Name(), "-0") {
			found = append(found, strings.TrimPrefix(path, mount))
		}
		return nil
	})
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%d groups are named %s below %s", len(found), name, mount)
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}
