package isolate

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// TestNobodyWaits is a program for a jail, when it is told for how long: it
// burns CPU time in one child after the other, none of which anybody waits for.
func TestNobodyWaits(t *testing.T) {
	d, err := time.ParseDuration(flag.Arg(0))
	if err != nil {
		return // not in a jail
	}
	if d == 0 {
		for ownCPU() < 200*time.Millisecond {
		}
		return
	}
	signal.Ignore(unix.SIGCHLD)
	for end := time.Now().Add(d); time.Now().Before(end); {
		_ = exec.Command("/proc/self/exe", "-test.run=^TestNobodyWaits$", "0s").Run() // ECHILD, when it has ended
	}
}

func ownCPU() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// nobodyWaits runs TestNobodyWaits in a jail without a group.
func nobodyWaits(t *testing.T, d time.Duration, l policy.Limits) *Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := Command(&policy.Policy{Layers: withoutGroup(), Limits: l}, "/box/"+filepath.Base(self), "-test.run=^TestNobodyWaits$", d.String())
	if err := c.Show(filepath.Dir(self), filepath.Base(self)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChildrenThatNobodyWaitsForMeetTheCPULimit(t *testing.T) {
	c := nobodyWaits(t, 12*time.Second, policy.Limits{CPU: time.Second, Wall: 15 * time.Second})
	_ = c.Run()
	r := c.Result()
	if r.Reason != result.CPULimit {
		t.Fatalf("%s after %v", r.Reason, r.Usage.Wall())
	}
	if cpu := r.Usage.CPU(); cpu < time.Second || cpu > 2*r.Usage.Wall() {
		t.Errorf("used %v of CPU in %v", cpu, r.Usage.Wall())
	}
}

func TestChildrenThatNobodyWaitsForAreInTheUsage(t *testing.T) {
	c := nobodyWaits(t, 1500*time.Millisecond, policy.Limits{})
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	u := c.Result().Usage
	if u.CPU() < 300*time.Millisecond || u.CPU() > u.Wall()*11/10 || *u.CPUSource != result.SourceSampled {
		t.Errorf("used %v of CPU by %s in %v", u.CPU(), *u.CPUSource, u.Wall())
	}
}

// The time of a child that was waited for must not count twice, however the
// looks fall.
func TestChildrenThatAreWaitedForCountOnce(t *testing.T) {
	const script = `i=0; while [ $i -lt 150 ]; do sh -c 'j=0; while [ $j -lt 6000 ]; do j=$((j+1)); done; sh -c :; :'; i=$((i+1)); done`
	c := Command(&policy.Policy{Layers: withoutGroup(), Limits: policy.Limits{CPU: time.Minute}}, "sh", "-c", script)
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	u := c.Result().Usage
	t.Logf("%v of CPU in %v", u.CPU(), u.Wall())
	if *u.CPUSource != result.SourceRusage || c.run.limits.census.gone != 0 {
		t.Errorf("by %s: %v were taken as lost", *u.CPUSource, c.run.limits.census.gone)
	}
}

func TestAKilledRunHasUsedWhatWasSeen(t *testing.T) {
	p := &policy.Policy{Layers: withoutGroup(), Limits: policy.Limits{Memory: policy.Unlimited, Wall: time.Second}}
	c := Command(p, "sh", "-c", "dd if=/dev/zero of=/dev/null bs=48M & while :; do :; done")
	_ = c.Run()
	r := c.Result()
	if r.Reason != result.WallLimit {
		t.Fatal(r.Reason)
	}
	u := &r.Usage
	if u.CPU() < 300*time.Millisecond || *u.CPUNS < *r.Evidence.CPUNS || *u.CPUSource != result.SourceSampled {
		t.Errorf("used %v of CPU by %s, evidence %v", u.CPU(), *u.CPUSource, time.Duration(*r.Evidence.CPUNS))
	}
	if *u.MemoryPeakBytes < 48<<20 || *u.MemorySource != result.SourceSampled {
		t.Errorf("peak %d by %s", *u.MemoryPeakBytes, *u.MemorySource)
	}
}

func TestThreadsAreCounted(t *testing.T) {
	c := exec.Command("/proc/self/exe", "-test.run=^TestThreadsAreCounted$")
	if os.Getenv("JAIL_TEST_THREADS") != "" {
		_, _ = os.Stdout.Write([]byte{'\n'})
		_, _ = os.Stdin.Read(make([]byte, 1))
		return
	}
	c.Env = append(os.Environ(), "JAIL_TEST_THREADS=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { in.Close(); _ = c.Wait() }()
	_, _ = out.Read(make([]byte, 1))
	for range 100 { // it may start one more between the two looks
		var look census
		if err := look.take(os.Getpid()); err != nil {
			t.Fatal(err)
		}
		tasks, err := os.ReadDir("/proc/" + strconv.Itoa(c.Process.Pid) + "/task")
		if err != nil {
			t.Fatal(err)
		}
		if len(tasks) > 1 && look.tasks == int64(len(tasks)) {
			return
		}
	}
	t.Error("the looks never agreed with /proc/PID/task")
}

func TestWhoIsGoneIsToldFromWhoCanNotBeSeen(t *testing.T) {
	var look census
	if err := look.take(1 << 30); !errors.Is(err, errNoInit) {
		t.Errorf("a process that is not there: %v", err)
	}
	restore := leaveNoDescriptor(t)
	err := look.take(os.Getpid())
	restore()
	if !errors.Is(err, unix.EMFILE) {
		t.Errorf("without descriptors: %v", err)
	}
}

func TestAProgramWithinItsPidsLimitIsNotEnded(t *testing.T) {
	p := &policy.Policy{Layers: withoutGroup(), Limits: policy.Limits{Pids: 2, PidsAction: policy.ActionKill}}
	out, err := Command(p, "sh", "-c", "sleep 0.3; echo fine").Output()
	if err != nil || strings.TrimSpace(string(out)) != "fine" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestAProgramBeyondItsPidsLimitIsEnded(t *testing.T) {
	p := &policy.Policy{Layers: withoutGroup(), Limits: policy.Limits{Pids: 3, PidsAction: policy.ActionKill, Wall: 8 * time.Second}}
	c := Command(p, "sh", "-c", "for i in 1 2 3; do sleep 5 & done; wait")
	_ = c.Run()
	if r := c.Result(); r.Reason != result.Pids {
		t.Errorf("%s after %v", r.Reason, r.Usage.Wall())
	}
}
