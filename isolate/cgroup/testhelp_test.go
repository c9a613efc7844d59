package cgroup

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain is also the program of the children: CGROUP_TEST_CHILD names what it
// does. Each child joins by the descriptors from 3 on, tells "ready", and waits
// for a line.
func TestMain(m *testing.M) {
	if what := os.Getenv("CGROUP_TEST_CHILD"); what != "" {
		os.Exit(child(what))
	}
	os.Exit(m.Run())
}

var children = map[string]func() int{
	"sleep":  func() int { return hang() },
	"burn":   burn,
	"alloc":  alloc,
	"forks":  forks,
	"tree":   tree20,
	"orphan": orphan,
	"detect": detected,
	"lock":   lock,
	"exit":   func() int { return 0 },
	"shmem":  shmem,
}

func child(what string) int {
	if n, _ := strconv.Atoi(os.Getenv("CGROUP_TEST_FDS")); n > 0 {
		return join(n)
	}
	f := children[what]
	if what == "orphan" || what == "detect" || what == "lock" {
		return f()
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return 98
	}
	return f()
}

// join moves the calling thread and executes the program again: the other
// threads of a Go process, which a v1 "tasks" leaves where they are, are gone.
func join(n int) int {
	runtime.LockOSThread()
	for i := range n {
		if err := write(3+i, "0"); err != nil {
			fmt.Println("join:", err)
			return 99
		}
	}
	os.Unsetenv("CGROUP_TEST_FDS")
	fmt.Println("join:", unix.Exec("/proc/self/exe", os.Args, os.Environ()))
	return 97
}

func hang() int {
	signal.Ignore(unix.SIGTERM, unix.SIGHUP, unix.SIGINT)
	<-time.After(time.Minute) // long enough to be killed, short enough to be no leak
	return 0
}

func cpuClock() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}

func burn() int {
	runtime.LockOSThread()
	from := cpuClock()
	for cpuClock()-from < 300*time.Millisecond {
	}
	fmt.Println(int64(cpuClock() - from))
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // the end of a process costs time too: not yet
	return 0
}

// alloc touches 64 MiB.
func alloc() int {
	b, err := unix.Mmap(-1, 0, 64<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return 97
	}
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return 0
}

func shmem() int {
	fd, err := unix.MemfdCreate("x", unix.MFD_CLOEXEC)
	if err != nil || unix.Ftruncate(fd, 8<<20) != nil {
		return 97
	}
	b, err := unix.Mmap(fd, 0, 8<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return 97
	}
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	fmt.Println("filled")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	return 0
}

func self(what string) *exec.Cmd {
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), "CGROUP_TEST_CHILD="+what, "CGROUP_TEST_FDS=0")
	c.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	return c
}

// forks starts children until it is refused.
func forks() int {
	for range 64 {
		c := exec.Command("/proc/self/exe")
		c.Env = append(os.Environ(), "CGROUP_TEST_CHILD=sleep", "CGROUP_TEST_FDS=0")
		in, _ := c.StdinPipe()
		defer in.Close()
		if err := c.Start(); err != nil {
			fmt.Println(err)
			return 0
		}
	}
	fmt.Println("never refused")
	return 1
}

// tree20 starts twenty shells, which leave its session and go on forking.
func tree20() int {
	for range 20 {
		c := exec.Command("/bin/sh", "-c", "while :; do /bin/sleep 30 & wait; done")
		c.SysProcAttr = &unix.SysProcAttr{Setsid: true}
		if err := c.Start(); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	fmt.Println("grown")
	return hang()
}

var host = sync.OnceValues(Detect)

func testHost(t *testing.T) *Host {
	t.Helper()
	h, err := host()
	if err != nil {
		t.Fatal(err)
	}
	if h.Mode == ModeNone {
		t.Skipf("needs a writable cgroup hierarchy with memory and pids: %v", h.Why())
	}
	return h
}

func testGroup(t *testing.T, s Spec) *Group {
	t.Helper()
	h := testHost(t)
	g, err := h.Create(h.NewName(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.mu.Lock()
		closed := g.closed
		g.mu.Unlock()
		if closed {
			return
		}
		if err := g.Kill(); err != nil {
			t.Error(err)
		}
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// proc is a child inside a group.
type proc struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func (p *proc) line(t *testing.T) string {
	t.Helper()
	s, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("child said %q: %v", s, err)
	}
	return strings.TrimSpace(s)
}

func (p *proc) release(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(p.in, "go\n"); err != nil {
		t.Fatal(err)
	}
}

// start runs a child as init and target in one: cloned into the v2 directory
// where there is one, then joining the groups with limits.
func start(t *testing.T, g *Group, what string) *proc {
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
	c.Env = append(os.Environ(), "CGROUP_TEST_CHILD="+what, "CGROUP_TEST_FDS="+strconv.Itoa(len(c.ExtraFiles)))
	c.Stderr = os.Stderr
	p := launch(t, c)
	if s := p.line(t); s != "ready" {
		t.Fatalf("child said %q", s)
	}
	return p
}

func launch(t *testing.T, c *exec.Cmd) *proc {
	t.Helper()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	// Pdeathsig fires at the end of the thread that started the child.
	runtime.LockOSThread()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &proc{c, in, bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return p
}
