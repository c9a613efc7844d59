package isolate

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

func leaveNoDescriptor(t *testing.T) (restore func()) {
	t.Helper()
	return leaveDescriptors(t, 0)
}

// leaveDescriptors takes all descriptors of this process but some, until the
// function that it gives is called, or the test ends.
func leaveDescriptors(t *testing.T, free int) (restore func()) {
	t.Helper()
	raise := limited(t, 512)
	taken := fill()
	closeFds(taken[len(taken)-free:])
	taken = taken[:len(taken)-free]
	restore = func() {
		closeFds(taken)
		taken = nil
		raise()
	}
	t.Cleanup(restore)
	return restore
}

// busy is a program of two loops, under which no limit but the CPU's comes first.
func busy(layers policy.Layers) *Cmd {
	p := &policy.Policy{Layers: layers, Limits: policy.Limits{CPU: 300 * time.Millisecond, Wall: 8 * time.Second}}
	return Command(p, "sh", "-c", "(while :; do :; done) & while :; do :; done")
}

func withoutGroup() policy.Layers { return policy.Layers{policy.LayerCgroup: policy.Off} }

// needGroups skips where the caller can make none.
func needGroups(t *testing.T) *cgroup.Host {
	t.Helper()
	m, err := theMachine()
	if err != nil {
		t.Fatal(err)
	}
	if m.noGrps != nil {
		t.Skipf("needs a writable cgroup hierarchy with memory and pids: %v", m.noGrps)
	}
	return m.groups
}

func TestTheCPULimitHoldsWithoutADescriptorLeft(t *testing.T) {
	needGroups(t)
	c := busy(nil)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	restore := leaveNoDescriptor(t)
	_ = c.Wait()
	restore()
	if r := c.Result(); r.Reason != result.CPULimit {
		t.Errorf("%s after %v", r.Reason, r.Usage.Wall())
	}
}

// Without a group each look at /proc takes descriptors: a jail that can't be
// watched is not one that uses nothing.
func TestAJailThatNobodyCanWatchIsEnded(t *testing.T) {
	for name, p := range map[string]policy.Limits{
		"cpu":    {CPU: 300 * time.Millisecond, Memory: policy.Unlimited},
		"idle":   {Idle: 400 * time.Millisecond, Memory: policy.Unlimited},
		"memory": {Memory: 1 << 30},
		"pids":   {Pids: 20, PidsAction: policy.ActionKill, Memory: policy.Unlimited},
	} {
		t.Run(name, func(t *testing.T) {
			c := busy(withoutGroup())
			p.Wall = 8 * time.Second
			c.Policy.Limits = p
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			restore := leaveNoDescriptor(t)
			_ = c.Wait()
			restore()
			r := c.Result()
			if r.Reason != result.Internal || r.Error == nil || !strings.Contains(r.Error.Hint, "ulimit -n") {
				t.Errorf("%s after %v: %+v", r.Reason, r.Usage.Wall(), r.Error)
			}
		})
	}
}

// A look that fails now and then is no reason to end a jail.
func TestAJailOutlivesAMomentWithoutDescriptors(t *testing.T) {
	c := busy(withoutGroup())
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	restore := leaveNoDescriptor(t)
	time.Sleep(blindEvery * blindLooks / 4)
	restore()
	_ = c.Wait()
	if r := c.Result(); r.Reason != result.CPULimit {
		t.Errorf("%s: %+v", r.Reason, r.Error)
	}
}

// The program is taken out of the group that counts its CPU time, and that is
// removed, so that the kernel has no number to give any more.
func TestACounterThatFailsForGoodEndsTheJail(t *testing.T) {
	if h := needGroups(t); h.Mode == cgroup.ModeV2 {
		t.Skip("needs cgroup v1 with memory and pids")
	}
	c := busy(nil)
	c.Policy.Limits.CPU = 400 * time.Millisecond
	c.Args = []string{"sh", "-c", "read line; while :; do :; done"}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(c.run.seen.pid)
	dir := groupOf(t, pid, "cpuacct")
	if err := errors.Join(os.WriteFile(path.Dir(dir)+"/tasks", []byte(pid), 0), unix.Rmdir(dir)); err != nil {
		t.Fatal(err)
	}
	in.Close()
	_ = c.Wait()
	if r := c.Result(); r.Reason != result.Internal || r.Error == nil || r.Error.Errno == 0 {
		t.Errorf("%s after %v: %+v", r.Reason, r.Usage.Wall(), r.Error)
	}
}

func groupOf(t *testing.T, pid, controller string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if strings.Contains(","+f[1]+",", ","+controller+",") {
			return "/sys/fs/cgroup/" + controller + f[2]
		}
	}
	t.Fatalf("no %s in %q", controller, b)
	return ""
}
