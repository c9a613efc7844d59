package limits

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// groupName is this test's alone.
func groupName(t *testing.T, what string) string {
	t.Helper()
	return fmt.Sprintf("test-%d-%s", os.Getpid(), what)
}

// limited makes a group of jails for a test.
func limited(t *testing.T, name string, l policy.Limits) {
	t.Helper()
	if err := isolate.LimitGroup(name, &l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := isolate.RemoveGroup(name); err != nil {
			t.Error(err)
		}
		left(t, name)
	})
}

// left fails the test for each directory of a group that is there.
func left(t *testing.T, name string) {
	t.Helper()
	found, err := filepath.Glob("/sys/fs/cgroup/*/jail-set-" + name)
	if err != nil || len(found) > 0 {
		t.Errorf("left: %v, %v", found, err)
	}
}

func TestAGroupHoldsTheMemoryOfItsMembersTogether(t *testing.T) {
	offered(t, "memory")
	name := groupName(t, "memory")
	limited(t, name, policy.Limits{Memory: 96 * size.MiB})
	p := policy.Policy{Group: name, Limits: policy.Limits{Memory: 256 * size.MiB}}
	done(t, p, "touch", "48")
	r := run(t, p, "touch", "128")
	if r.Reason != result.Memory || !strings.Contains(result.Sentence(r.Result), name) {
		t.Errorf("128 MiB in a group of 96: %s: %s", r.Reason, result.Sentence(r.Result))
	}
	limited2 := policy.Limits{Memory: 192 * size.MiB}
	if err := isolate.LimitGroup(name, &limited2); err != nil {
		t.Fatal(err)
	}
	done(t, p, "touch", "128")
	if err := isolate.LimitGroup(name, &policy.Limits{Memory: 96 * size.MiB}); err != nil {
		t.Fatal("lower again: ", err)
	}
}

// The second limit of CPU time comes while the members run, of which one may be
// in a group for its own share already.
func TestAGroupHoldsTheCPUTimeOfItsMembersTogether(t *testing.T) {
	offered(t, "cpu")
	for what, own := range map[string]int64{"none": 0, "own": 100} {
		t.Run(what, func(t *testing.T) { holdsCPUTime(t, groupName(t, "cpu-"+what), own) })
	}
}

func holdsCPUTime(t *testing.T, name string, own int64) {
	limited(t, name, policy.Limits{})
	p := policy.Policy{Group: name}
	bounded(t, "share of a core of both at 40%", 0.40, 0.05, func() float64 {
		if err := isolate.LimitGroup(name, &policy.Limits{CPUMax: policy.Unlimited}); err != nil {
			t.Fatal(err)
		}
		begin, from := time.Now(), in(3*time.Second/2)
		a := start(t, p, "burn", "4", from)
		b := start(t, policy.Policy{Group: name, Limits: policy.Limits{CPUWeight: own}}, "burn", "4", from)
		if err := isolate.LimitGroup(name, &policy.Limits{CPUMax: 4000}); err != nil {
			t.Fatal(err)
		}
		if late := time.Since(begin); late > 3*time.Second/2 {
			t.Logf("the limit came after %v", late)
		}
		ra, rb := a(), b()
		return (ra.said["cpu"] + rb.said["cpu"]) / ra.said["wall"]
	})
}

func TestAGroupInAGroupIsUnderBoth(t *testing.T) {
	offered(t, "pids")
	outer := groupName(t, "outer")
	limited(t, outer, policy.Limits{Pids: 60})
	limited(t, outer+"/inner", policy.Limits{Pids: 100})
	p := policy.Policy{Group: outer + "/inner"}
	done(t, p, "tasks", "12")
	if err := isolate.LimitGroup(outer, &policy.Limits{Pids: 10}); err != nil {
		t.Fatal(err)
	}
	if r := run(t, p, "tasks", "12"); r.Reason == result.Exited && *r.ExitCode == 0 {
		t.Errorf("more than ten tasks in a group of ten: %s", r.text)
	}
}

// A group that nobody has set comes with its first member and goes with its
// last, however many come and go at once.
func TestAGroupGoesWithItsLastMember(t *testing.T) {
	offered(t, "memory")
	name := groupName(t, "gone")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10 {
				c := isolate.Command(withLandlockTried(policy.Policy{Group: name + "/in"}), "true")
				if err := c.Run(); err != nil {
					t.Errorf("%v: %v", err, c.Result().Error)
				}
			}
		})
	}
	all.Wait()
	left(t, name)
}

func TestMembersAreListed(t *testing.T) {
	offered(t, "memory")
	name := groupName(t, "listed")
	limited(t, name, policy.Limits{Memory: 64 * size.MiB})
	end := start(t, policy.Policy{Group: name}, "burn", "1")
	jails, groups, err := isolate.Running()
	end()
	if err != nil {
		t.Fatal(err)
	}
	members := 0
	for _, j := range jails {
		if j.Set == name {
			members++
			if j.Owner.PID != os.Getpid() || j.Memory == nil || j.Pids == nil || *j.Pids == 0 {
				t.Errorf("%+v", j)
			}
		}
	}
	for _, g := range groups {
		if g.Set == name && (g.Jails != 1 || !g.Kept || len(g.Limits) == 0) {
			t.Errorf("%+v", g)
		}
	}
	if members != 1 {
		t.Errorf("%d members are listed", members)
	}
}
