package cgroup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func small() Spec { return Spec{Memory: 32 << 20, Pids: 40} }

func TestDetectStaysUnderOurOwnOuterGroup(t *testing.T) {
	h := testHost(t)
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range h.trees {
		if !strings.Contains(string(b), ":"+tr.rel) {
			t.Errorf("%s is no group of ours:\n%s", tr.rel, b)
		}
	}
	for _, f := range h.Describe() {
		t.Logf("%+v", f)
		if !f.Writable && (f.Why == "" || f.Mend == "") {
			t.Errorf("%s: not writable without reason or mend", f.Controller)
		}
	}
}

func TestDetectFindsMountsElsewhereByMountinfo(t *testing.T) {
	want := testHost(t)
	got, err := detect("/nonexistent")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if got.Mode != want.Mode || got.find("memory").path != want.find("memory").path {
		t.Errorf("mode %s, %v", got.Mode, got.find("memory"))
	}
}

func TestHostWithoutCgroupsHasReasonAndMend(t *testing.T) {
	h := &Host{seat: -1}
	h.Mode, h.why = h.judge()
	var e *Error
	if h.Mode != ModeNone || !errors.As(h.Why(), &e) || !errors.Is(e, ErrNoController) || e.Hint == "" {
		t.Errorf("%s: %v", h.Mode, h.Why())
	}
	if _, err := h.Create(Name{PID: 1, Start: 1, Seq: 1}.String(), small()); !errors.As(err, &e) {
		t.Errorf("Create: %v", err)
	}
}

// detected prints what an ordinary user finds.
func detected() int {
	h, err := Detect()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, err = h.Create(h.NewName(), small())
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, unix.EACCES) || e.Hint != mend(h) {
		fmt.Println("Create:", err)
		return 1
	}
	fmt.Println(h.Mode)
	return 0
}

// mend is what can be done about a group that is another's: nothing on v1 but to
// leave it, or to be root.
func mend(h *Host) string {
	if h.find("memory").version == 1 {
		return hintDelegateV1
	}
	return delegateHint()
}

func TestAUserWithoutDelegationLearnsHowToGetIt(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs CAP_SETUID to become a user without a group of its own: we are not root")
	}
	testHost(t)
	c := self("detect")
	c.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	p := launch(t, c)
	if s := p.line(t); s != string(ModeNone) {
		t.Error(s)
	}
}

func TestCreateRefusesWhatItCouldNotCollect(t *testing.T) {
	h := testHost(t)
	for _, name := range []string{"", "jail", "jail-1-2", "jail-1-2-0", "../jail-1-2-3", "jail-01-2-3", "jail-1-2-3/x"} {
		if _, err := h.Create(name, small()); !errors.Is(err, ErrBadName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestCreateRefusesLimitsThatNobodyMeant(t *testing.T) {
	h := testHost(t)
	for _, s := range []Spec{{}, {Memory: 1 << 20}, {Pids: 3}, {Memory: -2, Pids: 1}, {Memory: -1, Pids: -1, Cores: "1-0"}} {
		if _, err := h.Create(h.NewName(), s); !errors.Is(err, unix.EINVAL) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestFailedCreateLeavesNothing(t *testing.T) {
	h := testHost(t)
	name := h.NewName()
	_, err := h.Create(name, Spec{Memory: 1 << 30, Pids: 5, Cores: "60000"})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("Create with a core that does not exist: %v", err)
	}
	t.Log(err)
	assertGone(t, h, name)
}

func TestLimitsReadBackAsTheKernelHasThem(t *testing.T) {
	g := testGroup(t, Spec{Memory: 32<<20 + 5, Pids: 7, Cores: "0"})
	got := g.ReadBack()
	want := map[string]string{"pids.max": "7", "cpuset.cpus": "0"}
	if g.partOf("memory").tree.version == 1 {
		want["memory.limit_in_bytes"] = "33554432"
		want["memory.kmem.tcp.limit_in_bytes"] = "33554432"
		if len(g.Notes()) == 0 {
			want["memory.memsw.limit_in_bytes"] = "33554432"
		}
	} else {
		want["memory.max"] = "33554432"
		want["memory.oom.group"] = "1"
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s = %q, want %q", k, got[k], v)
		}
	}
	t.Log(got, g.Notes())
}

func TestTargetIsContainedAndStrangersAreNot(t *testing.T) {
	g := testGroup(t, small())
	p := start(t, g, "sleep")
	for pid, want := range map[int]bool{p.Process.Pid: true, os.Getpid(): false} {
		if got, err := g.Contains(pid); err != nil || got != want {
			t.Errorf("Contains(%d) = %v, %v", pid, got, err)
		}
		if got, err := g.ContainsInit(pid); err != nil || got != (want && g.IntoFD() >= 0) {
			t.Errorf("ContainsInit(%d) = %v, %v", pid, got, err)
		}
	}
}

func TestInitStaysOutsideTheLimits(t *testing.T) {
	g := testGroup(t, small())
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), "CGROUP_TEST_CHILD=sleep", "CGROUP_TEST_FDS=0")
	p := launch(t, c)
	p.line(t)
	if g.IntoFD() < 0 {
		t.Skip("needs a v2 tree: none is mounted and writable")
	}
	if err := writeFile(g.IntoFD(), "cgroup.procs", strconv.Itoa(p.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	if in, err := g.ContainsInit(p.Process.Pid); !in || err != nil {
		t.Errorf("ContainsInit = %v, %v", in, err)
	}
	if in, err := g.Contains(p.Process.Pid); in || err != nil {
		t.Errorf("init is under the target's limits: %v, %v", in, err)
	}
}

func assertGone(t *testing.T, h *Host, name string) {
	t.Helper()
	for _, tr := range h.trees {
		if _, err := os.Stat(filepath.Join(tr.path, name)); err == nil {
			t.Errorf("%s/%s is left", tr.path, name)
		}
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	h := testHost(t)
	g := testGroup(t, Spec{Memory: 1 << 30, Pids: 9, CPU: h.offers("cpu"), IO: h.offers("blkio")})
	if err := g.Remove(); err != nil {
		t.Fatal(err)
	}
	assertGone(t, h, g.Name())
	if _, err := g.Usage(); !errors.Is(err, ErrClosed) {
		t.Errorf("Usage after Remove: %v", err)
	}
	if err := g.Kill(); !errors.Is(err, ErrClosed) {
		t.Errorf("Kill after Remove: %v", err)
	}
}

// offers tells whether a controller can be used.
func (h *Host) offers(controller string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.locateAll()
	t := h.find(controller)
	return t != nil && t.err == nil
}

// outer makes a group that plays the outer group of another host, with n
// processes of ours inside.
func outer(t *testing.T, name string, n int) *Host {
	t.Helper()
	h := testHost(t)
	if h.unified == nil {
		t.Skip("needs a v2 tree: none is mounted and writable")
	}
	dir := filepath.Join(h.unified.path, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unlinkDir(h.unified.fd, name); err != nil {
			t.Error(err)
		}
	})
	fd, err := open(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		t.Fatal(err)
	}
	tr := &tree{version: 2, path: dir, rel: h.unified.child(name), fd: fd, controllers: []string{"memory", "pids", "cpuacct"}}
	o := &Host{Mode: ModeV2, seat: -1, owner: h.owner, unified: tr, trees: []*tree{tr}, located: true}
	t.Cleanup(o.Close)
	for range n {
		occupy(t, fd)
	}
	return o
}

// occupy starts a sleeper in a v2 group; it is reaped before the group goes.
func occupy(t *testing.T, dir int) *proc {
	t.Helper()
	c := self("sleep")
	c.SysProcAttr.UseCgroupFD, c.SysProcAttr.CgroupFD = true, dir
	p := launch(t, c)
	p.line(t)
	return p
}

func TestErrorSaysWhatToDo(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EACCES, unix.EROFS, unix.ENOSPC, unix.EAGAIN, unix.EBUSY} {
		err := fail("mkdir", "/sys/fs/cgroup/x", errno)
		var e *Error
		if !errors.As(err, &e) || e.Hint == "" || !errors.Is(err, errno) {
			t.Errorf("%v: %v", errno, err)
		}
	}
}

func TestFullHierarchyIsATypedError(t *testing.T) {
	o := outer(t, "other-full", 0)
	if err := os.WriteFile(o.unified.path+"/cgroup.max.descendants", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	g := newGroup(o.NewName())
	g.addPart(o.unified)
	err := g.make()
	g.abandon()
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, unix.EAGAIN) || e.Hint != hintFull {
		t.Errorf("%v", err)
	}
}
