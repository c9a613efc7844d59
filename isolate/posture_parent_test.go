package isolate_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/posture"
	"golang.org/x/sys/unix"
)

// dirts are states that a caller may be in. Each row says what a plain child
// sees of it, and what a jailed one. What only lowers (a higher nice, fewer
// cores or descriptors, no new privileges) is kept.
var dirts = []struct {
	name    string
	early   func() error // on a thread that then executes the caller anew
	late    func() error // in the caller itself, since Go's start would undo it
	key     string
	outside string
	inside  string // "" when the key must not be there
}{
	{name: "no-aslr", early: noRandomize, key: "personality", outside: "40000", inside: "0"},
	{name: "ignored-signals", late: ignoreSignals, key: "status.SigIgn", outside: "0000000000015201", inside: noSignal},
	{name: "blocked-signals", early: blockSignals, key: "status.SigBlk", outside: "0000000000000a00", inside: noSignal},
	{name: "umask", early: func() error { unix.Umask(0o777); return nil }, key: "umask", outside: "777", inside: "022"},
	{name: "nice", early: func() error { return unix.Setpriority(unix.PRIO_PROCESS, 0, 5) }, key: "nice", outside: "5", inside: "5"},
	{name: "eager", early: func() error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) }, key: "nice", outside: "-5", inside: "0"},
	{name: "realtime", early: realtime, key: "sched", outside: "1 1", inside: "0 0"},
	{name: "realtime-io", early: func() error { return call(unix.SYS_IOPRIO_SET, 1, 0, 1<<13|4) }, key: "ioprio", outside: "2004", inside: "0"},
	{name: "one-core", early: oneCore, key: "status.Cpus_allowed_list", outside: "0", inside: "0"},
	{name: "secret-folder", early: leakFolder, key: "fd.7", outside: "040000 /root"},
	{name: "many-descriptors", early: leakMany, key: "fd.149", outside: "020000 /dev/null"},
	{name: "inheritable", early: inheritable, key: "status.CapInh", outside: "0000000000201401", inside: noSignal},
	{name: "ambient", early: ambient, key: "status.CapAmb", outside: "0000000000201401", inside: noSignal},
	{name: "groups", early: func() error { return unix.Setgroups([]int{4, 27}) }, key: "id.groups", outside: "2", inside: "0"},
	{name: "core", early: coreUnlimited, key: "rlimit.core", outside: "unlimited unlimited", inside: "1 1"},
	{name: "deleted-cwd", early: deletedCwd, key: "cwd", outside: "ENOENT", inside: "/box"},
	{name: "closed-streams", late: closeStreams, key: "fd.0", outside: "", inside: "020000 /dev/null"},
	{name: "few-descriptors", early: fewDescriptors, key: "rlimit.nofile", outside: "64 64", inside: "64 64"},
	{name: "terminal", key: "tty", outside: "ok", inside: "ENXIO"},
	{name: "no-new-privs", early: func() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, key: "prctl.no_new_privs", outside: "1", inside: "1"},
	{name: "session-keyring", early: joinKeyring, key: "keyring.session", outside: anything, inside: "ENOSYS"},
	{name: "timer-slack", early: func() error { return unix.Prctl(unix.PR_SET_TIMERSLACK, 7000000, 0, 0, 0) }, key: "prctl.timerslack", outside: "7000000", inside: "50000"},
	{name: "core-filter", early: func() error { return os.WriteFile("/proc/self/coredump_filter", []byte("0x7f"), 0) }, key: "self.coredump_filter", outside: "0000007f", inside: "0000007f"},
}

const (
	noSignal = "0000000000000000"
	anything = "*" // a number that differs from run to run
)

func TestWhatACallerIsInDoesNotReachTheProgram(t *testing.T) {
	needRoot(t)
	for _, d := range dirts {
		t.Run(d.name, func(t *testing.T) {
			outside, inside := dirtyReports(t, d.name)
			if got := outside[d.key]; !holds(d.key, got, d.outside) {
				t.Errorf("outside %s is %q, not %q: the state was not there", d.key, got, d.outside)
			}
			if got := inside[d.key]; got != d.inside {
				t.Errorf("inside %s is %q, not %q", d.key, got, d.inside)
			}
		})
	}
}

// holds compares what a report says outside. Of signals it takes more than
// asked: whoever started the tests may ignore some of his own.
func holds(key, got, want string) bool {
	if want == anything || got == want {
		return true
	}
	if !strings.HasPrefix(key, "status.Sig") {
		return false
	}
	g, err := strconv.ParseUint(got, 16, 64)
	w, err2 := strconv.ParseUint(want, 16, 64)
	return err == nil && err2 == nil && g&w == w
}

// all are the states that go together.
func together() (names []string) {
	for _, d := range dirts {
		if !slices.Contains([]string{"few-descriptors", "eager", "realtime", "no-new-privs"}, d.name) {
			names = append(names, d.name)
		}
	}
	return names
}

func TestAllThatACallerIsInAtOnceChangesNothing(t *testing.T) {
	needRoot(t)
	names := together()
	_, inside := dirtyReports(t, names...)
	for _, d := range dirts {
		if got := inside[d.key]; slices.Contains(names, d.name) && got != d.inside {
			t.Errorf("inside %s is %q, not %q", d.key, got, d.inside)
		}
	}
	for key := range inside {
		if strings.HasPrefix(key, "fd.") && !slices.Contains([]string{"fd.0", "fd.1", "fd.2"}, key) {
			t.Errorf("%s=%s came through", key, inside[key])
		}
	}
}

// dirtyReports gets both reports from a caller in the named states.
func dirtyReports(t *testing.T, names ...string) (outside, inside posture.Report) {
	t.Helper()
	dir := stageDir(t)
	c := actor(t, "dirt", dir, strings.Join(names, ","))
	if slices.Contains(names, "terminal") {
		control(t, c)
	}
	run(t, c)
	return readReport(t, filepath.Join(dir, "outside")), readReport(t, filepath.Join(dir, "inside"))
}

// control gives a command a terminal of its own.
func control(t *testing.T, c *exec.Cmd) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here (/dev/ptmx): ", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	must(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	must(t, err)
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { slave.Close() })
	c.ExtraFiles = []*os.File{slave}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
}

// actDirt gets into the states that survive an execve, and makes one.
func actDirt(t *testing.T) {
	runtime.LockOSThread() // most of them are the thread's
	for _, d := range dirts {
		if d.early != nil && asked(d.name) {
			if err := d.early(); err != nil {
				t.Fatal(d.name, err)
			}
		}
	}
	must(t, os.Setenv(actorVar, "dirty"))
	t.Fatal(syscall.Exec(here("self"), os.Args, os.Environ()))
}

// actDirty gets into the rest of them, and reports.
func actDirty(t *testing.T) {
	streams := []uintptr{0, 1, 2}
	for _, d := range dirts {
		if d.late != nil && asked(d.name) {
			must(t, d.late())
		}
	}
	if asked("closed-streams") {
		streams = nil
	}
	must(t, outside(here("outside"), streams...))
	must(t, inside(&policy.Policy{Layers: layersOff()}, here("posture"), here("inside")))
}

// layersOff are the layers that the test wants off: "off:seccomp".
func layersOff() policy.Layers {
	ls := policy.Layers{}
	for name := range strings.SplitSeq(os.Getenv(argVar), ",") {
		if l, ok := strings.CutPrefix(name, "off:"); ok {
			ls[policy.Layer(l)] = policy.Off
		}
	}
	return ls
}

func asked(name string) bool {
	return slices.Contains(strings.Split(os.Getenv(argVar), ","), name)
}

func call(nr, a, b, c uintptr) error {
	if _, _, err := unix.RawSyscall(nr, a, b, c); err != 0 {
		return err
	}
	return nil
}

func noRandomize() error {
	const addrNoRandomize = 0x40000
	return call(unix.SYS_PERSONALITY, addrNoRandomize, 0, 0)
}

func ignoreSignals() error {
	signal.Ignore(unix.SIGHUP, unix.SIGUSR1, unix.SIGPIPE, unix.SIGTERM, unix.SIGCHLD)
	return nil
}

func blockSignals() error {
	set := unix.Sigset_t{}
	set.Val[0] = 1<<(unix.SIGUSR1-1) | 1<<(unix.SIGUSR2-1)
	return unix.PthreadSigmask(unix.SIG_BLOCK, &set, nil)
}

func realtime() error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}
	return unix.SchedSetAttr(0, &attr, 0)
}

func joinKeyring() error {
	return call(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0)
}

func oneCore() error {
	var set unix.CPUSet
	set.Set(0)
	return unix.SchedSetaffinity(0, &set)
}

func leakFolder() error {
	fd, err := unix.Open("/root", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	return errors.Join(err, unix.Dup3(fd, 7, 0))
}

func leakMany() error {
	fd, err := unix.Open("/dev/null", unix.O_RDWR, 0)
	for n := 100; n < 150; n++ {
		err = errors.Join(err, unix.Dup3(fd, n, 0))
	}
	return err
}

// someCaps are CAP_CHOWN, CAP_NET_BIND_SERVICE, CAP_NET_ADMIN and CAP_SYS_ADMIN.
const someCaps = 1<<unix.CAP_CHOWN | 1<<unix.CAP_NET_BIND_SERVICE | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_SYS_ADMIN

func inheritable() error {
	h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var d [2]unix.CapUserData
	if err := unix.Capget(&h, &d[0]); err != nil {
		return err
	}
	d[0].Inheritable = someCaps
	return unix.Capset(&h, &d[0])
}

func ambient() error {
	err := inheritable()
	for c := range 32 {
		if someCaps>>c&1 != 0 {
			err = errors.Join(err, unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(c), 0, 0))
		}
	}
	return err
}

func coreUnlimited() error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return unix.Setrlimit(unix.RLIMIT_CORE, &l)
}

func deletedCwd() error {
	dir := here("gone")
	return errors.Join(os.Mkdir(dir, 0o700), os.Chdir(dir), os.Remove(dir))
}

func closeStreams() error {
	return errors.Join(unix.Close(0), unix.Close(1), unix.Close(2))
}

func fewDescriptors() error {
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64})
}

func TestAThiefOfStatusesChangesNoResult(t *testing.T) {
	run(t, actor(t, "thief", stageDir(t), ""))
}

// actThief runs jails while another thread waits for any child at all, as
// libraries that reap do.
func actThief(t *testing.T) {
	keep := exec.Command("cat") // as long as it lives, waiting blocks
	hold, err := keep.StdinPipe()
	must(t, err)
	must(t, keep.Start())
	stolen := make(chan int)
	go func() {
		n := 0
		for {
			pid, err := syscall.Wait4(-1, nil, 0, nil)
			if err == nil {
				n++
			}
			if pid == keep.Process.Pid || err == syscall.ECHILD {
				stolen <- n - 1
				return
			}
		}
	}()
	for i := range 20 {
		c := isolate.Command(nil, "sh", "-c", "echo out; exit "+strconv.Itoa(i+1))
		out, _ := c.Output()
		res := c.Result()
		if res.ExitCode == nil || *res.ExitCode != i+1 || string(out) != "out\n" {
			t.Errorf("run %d: %s, %q", i, res.Reason, out)
		}
	}
	must(t, hold.Close())
	if n := <-stolen; n == 0 {
		t.Error("no status was stolen")
	} else {
		t.Logf("%d statuses stolen", n)
	}
}
