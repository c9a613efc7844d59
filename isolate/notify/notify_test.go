package notify

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/watch"
	"golang.org/x/sys/unix"
)

// jailed is a child under the filter, and the listener of its notifications.
type jailed struct {
	*Listener
	loop    *watch.Loop
	cmd     *exec.Cmd
	reap    func() // once, however often it is called
	control *os.File
	err     error // what OnHangup was told
}

var names = map[int32]string{
	unix.SYS_PTRACE: "ptrace", unix.SYS_MOUNT: "mount", unix.SYS_UNSHARE: "unshare", unix.SYS_KEYCTL: "keyctl", unix.SYS_ADD_KEY: "add_key",
}

// start starts a child that plays part, with a listener on a new loop.
func start(t *testing.T, part string, o Options) *jailed {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "control")
	defer theirs.Close()
	j := &jailed{control: os.NewFile(uintptr(pair[0]), "control")}
	j.cmd = exec.Command("/proc/self/exe")
	j.cmd.Env = append(os.Environ(), childEnv+"="+part)
	j.cmd.ExtraFiles = []*os.File{theirs}
	j.cmd.Stderr = os.Stderr
	if o.Budget != nil { // with a network of its own, as a jail has
		j.cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
	}
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	j.reap = sync.OnceFunc(func() { _ = j.cmd.Wait() })
	fd := receive(t, pair[0])
	if j.loop, err = watch.New(); err != nil {
		t.Fatal(err)
	}
	o.Loop = j.loop
	if o.Name == nil {
		o.Name = func(nr int32) string { return names[nr] }
	}
	if o.OnHangup == nil {
		o.OnHangup = func(err error) {
			j.err = err
			j.loop.Stop()
		}
	}
	if j.Listener, err = New(fd, o); err != nil {
		t.Fatal(err)
	}
	if err := j.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		j.Close()
		j.loop.Close()
		j.control.Close()
		_ = j.cmd.Process.Kill() // it may have ended
		j.reap()
	})
	return j
}

func receive(t *testing.T, socket int) int {
	t.Helper()
	room := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), room, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	list, err := unix.ParseSocketControlMessage(room[:n])
	if err != nil || len(list) != 1 {
		t.Fatalf("no listener came: %v (is a filter with a listener refused here?)", err)
	}
	fds, err := unix.ParseUnixRights(&list[0])
	if err != nil {
		t.Fatal(err)
	}
	return fds[0]
}

// run serves until the listener hangs up, and gives the child's status. Before
// Linux 6.11 a dead task holds its filter until it is reaped, so that is not left
// for later.
func (j *jailed) run(t *testing.T) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go j.reap()
	if err := j.loop.Run(ctx); err != nil {
		t.Fatal(err)
	}
	j.reap()
	return j.cmd.ProcessState.ExitCode()
}

func TestCallGetsTheErrnoOfItsRule(t *testing.T) {
	for _, tt := range []struct {
		errno, want unix.Errno
	}{{unix.EPERM, unix.EPERM}, {unix.ENOSYS, unix.ENOSYS}, {0, unix.EPERM}} {
		j := start(t, "ptrace", Options{Answer: func(int32, [6]uint64) (unix.Errno, string, string) {
			return tt.errno, "debugging", "don't"
		}})
		status := j.run(t)
		list := j.Denials()
		if status != int(tt.want) || len(list) != 1 {
			t.Fatalf("answered %v: child saw errno %d, %+v", tt.errno, status, list)
		}
		d := list[0]
		if d.Syscall != "ptrace" || d.Errno != unix.ErrnoName(tt.want) || d.Count != 1 || d.Rule != "debugging" || d.Fix != "don't" ||
			d.PID != j.cmd.Process.Pid || d.Object != "request=PTRACE_TRACEME pid=0" || d.FirstNS == 0 || d.FirstNS != d.LastNS {
			t.Errorf("got %+v", d)
		}
	}
}

func TestDenialsComeInTheOrderOfFirstCalls(t *testing.T) {
	j := start(t, "twice", Options{})
	j.run(t)
	list := j.Denials()
	if len(list) != 2 || list[0].Syscall != "ptrace" || list[1].Syscall != "keyctl" || list[1].Object != "operation=KEYCTL_JOIN_SESSION_KEYRING" {
		t.Errorf("got %+v", list)
	}
}

func TestFlagsAreNamed(t *testing.T) {
	j := start(t, "unshare", Options{})
	j.run(t)
	if list := j.Denials(); len(list) != 1 || list[0].Object != "flags=CLONE_NEWUSER|CLONE_NEWNET" {
		t.Errorf("got %+v", list)
	}
}

func TestPathsAreReadAndHarmless(t *testing.T) {
	j := start(t, "mount", Options{AllowMemory: true})
	j.run(t)
	want := `source="evil\x1b[2J\n" target="/mnt/\u202etxt" type=NULL flags=0`
	if list := j.Denials(); len(list) != 1 || list[0].Object != want {
		t.Errorf("got %+v, want %s", list, want)
	}
}

func TestPathsAreReadAsideWhereMemoryMayHold(t *testing.T) {
	j := start(t, "mount", Options{})
	j.run(t)
	if list := j.Denials(); len(list) != 1 || !strings.HasPrefix(list[0].Object, `source="evil`) {
		t.Errorf("got %+v", list)
	}
}

func TestAPageThatNobodyFillsIsGivenUp(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("feature root: not run as root, who alone makes such a page (vm.unprivileged_userfaultfd)")
	}
	j := start(t, "unfilled", Options{})
	begin := time.Now()
	j.run(t)
	if d := time.Since(begin); d > 20*patience {
		t.Errorf("two calls took %v", d)
	}
	list := j.Denials()
	if len(list) != 2 || !strings.HasPrefix(list[0].Object, "source=0x") || !strings.HasPrefix(list[1].Object, "type=0x") {
		t.Errorf("got %+v", list)
	}
}

func TestDistinctRowsAreBounded(t *testing.T) {
	j := start(t, "rows", Options{Rows: 5, Answer: func(_ int32, args [6]uint64) (unix.Errno, string, string) {
		return unix.EPERM, strings.Repeat("x", int(args[0])), ""
	}})
	j.run(t)
	list := j.Denials()
	if len(list) != 6 || list[5].Syscall != Other || list[5].Count != 15 {
		t.Errorf("%d rows, last %+v", len(list), list[len(list)-1])
	}
}

func TestForeignCallIsToldAndNeverAnswered(t *testing.T) {
	for part, want := range foreignNames {
		t.Run(part, func(t *testing.T) {
			var j *jailed
			var got []Call
			j = start(t, part, Options{OnForeign: func(c Call) {
				got = append(got, c)
				j.cmd.Process.Kill()
			}})
			j.run(t)
			ws := j.cmd.ProcessState.Sys().(syscall.WaitStatus)
			if len(got) != 1 || got[0].Syscall != want || !got[0].Foreign || ws.Signal() != unix.SIGKILL {
				t.Errorf("told %+v, child %v (does this kernel have 32-bit emulation?)", got, j.cmd.ProcessState)
			}
			if list := j.Denials(); len(list) != 1 || list[0].Syscall != want || list[0].Errno != "" {
				t.Errorf("got %+v, want one call that was never answered", list)
			}
		})
	}
}

func TestKillModeTellsOfTheCallAndNeverAnswers(t *testing.T) {
	var j *jailed
	told := 0
	j = start(t, "ptrace", Options{OnSuspicious: func(c Call) {
		if told++; c.Syscall != "ptrace" || c.Foreign {
			t.Errorf("told %+v", c)
		}
		j.cmd.Process.Kill()
	}})
	if status := j.run(t); status != -1 || told != 1 {
		t.Errorf("status %d, told %d times", status, told)
	}
	if list := j.Denials(); len(list) != 1 || list[0].Errno != "" {
		t.Errorf("got %+v, want one call that was never answered", list)
	}
}

func TestCallerThatDiesWhilePendingIsTolerated(t *testing.T) {
	var j *jailed
	j = start(t, "ptrace", Options{AllowMemory: true, Answer: func(int32, [6]uint64) (unix.Errno, string, string) {
		j.cmd.Process.Kill()
		j.reap() // it is gone before the answer
		return unix.EPERM, "", ""
	}})
	j.run(t)
	if err := j.err; err != nil {
		t.Errorf("listener failed: %v", err)
	}
	if list := j.Denials(); len(list) != 1 || list[0].Count != 1 {
		t.Errorf("got %+v", list)
	}
}

func TestClosedListenerGivesENOSYSNotAPass(t *testing.T) {
	j := start(t, "late", Options{})
	j.Close()
	j.control.Close()
	j.reap()
	if status := j.cmd.ProcessState.ExitCode(); status != int(unix.ENOSYS) {
		t.Errorf("child saw %d", status)
	}
}

func TestFloodIsSlowedAndCostsLittle(t *testing.T) {
	const rate = DefaultRate / raceFactor // so that a slow machine meets it too
	j := start(t, "flood", Options{AllowMemory: true, Rate: rate})
	began, before := time.Now(), cpu()
	if status := j.run(t); status != 0 {
		t.Errorf("status %d", status)
	}
	took, used := time.Since(began), cpu()-before
	list := j.Denials()
	if len(list) != 1 {
		t.Fatalf("got %+v", list)
	}
	windows := int64(took/window) + 2
	if n, most := list[0].Count, windows*rate*int64(window)/int64(time.Second); n < rate/20 || n > most || j.delayed == 0 {
		t.Errorf("%d calls in %v, at most %d expected, %d delays", n, took, most, j.delayed)
	}
	share := float64(used) / float64(took)
	t.Logf("%d calls in %v: %.2f%% of a core", list[0].Count, took, share*100)
	if bound := 0.05 * raceFactor; share > bound {
		t.Errorf("cost %.1f%% of a core", share*100)
	}
}

// What a call costs is the program's to choose, by the names in it, and no limit of
// its own may come late for that. Calls are counted: a busy machine is late by itself.
func TestAFloodLeavesTheLoopItsTurns(t *testing.T) {
	calls, most, ticks := 0, 0, 0
	j := start(t, "flood", Options{Watch: func(*Call, *Memory) (Watched, bool) {
		calls++
		time.Sleep(turn / 2)
		return Watched{Errno: unix.EPERM}, true
	}})
	var tick func()
	tick = func() {
		most, calls, ticks = max(most, calls), 0, ticks+1
		j.loop.Later(turn, tick)
	}
	j.loop.Later(0, tick)
	j.run(t)
	if most = max(most, calls); most > 20 || ticks < 2 {
		t.Errorf("a timer of %v waited for %d calls of %v, and came %d times", turn, most, turn/2, ticks)
	}
}

func cpu() time.Duration {
	var u unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
