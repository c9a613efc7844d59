package limits

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
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

// left fails the test if a group, or one in it, is there.
func left(t *testing.T, name string) {
	t.Helper()
	_, groups, err := isolate.Running()
	if err != nil {
		t.Error(err)
	}
	for _, g := range groups {
		if g.Set == name || strings.HasPrefix(g.Set, name+"/") {
			t.Errorf("left: %s", g.Set)
		}
	}
}

func TestAGroupHoldsTheMemoryOfItsMembersTogether(t *testing.T) {
	offered(t, "memory")
	name := groupName(t, "memory")
	limited(t, name, policy.Limits{Memory: 96 * size.MiB})
	p := policy.Policy{Group: name, Limits: policy.Limits{Memory: 80 * size.MiB}}
	done(t, p, "touch", "60")
	// The least of them is nobody's choice, and goes on whoever is ended.
	both := func() (ended, full int) {
		small := start(t, p, "touch", "1", "3")
		ends := [...]func() ran{start(t, p, "touch", "60", "2"), start(t, p, "touch", "60", "2")}
		for _, end := range ends {
			if r := end(); r.Reason == result.Memory {
				ended++
				if r.Evidence.MemoryGroup != nil && *r.Evidence.MemoryGroup == name && strings.Contains(result.Sentence(r.Result), name) {
					full++
				}
			}
		}
		if r := small(); r.Reason != result.Exited {
			t.Errorf("a small member: %s", result.Sentence(r.Result))
		}
		return ended, full
	}
	if ended, full := both(); ended == 0 || full != ended {
		t.Errorf("two of 60 MiB in a group of 96: %d were ended, %d of them for the group", ended, full)
	}
	if err := isolate.LimitGroup(name, &policy.Limits{Memory: 192 * size.MiB}); err != nil {
		t.Fatal(err)
	}
	if ended, _ := both(); ended != 0 {
		t.Errorf("two of 60 MiB in a group of 192: %d were ended", ended)
	}
	if err := isolate.LimitGroup(name, &policy.Limits{Memory: 96 * size.MiB}); err != nil {
		t.Fatal("lower again: ", err)
	}
}

// What a group has no room for is refused when it is asked for, and a default is
// lowered.
func TestAMemberIsGivenNoMoreThanItsGroup(t *testing.T) {
	offered(t, "cpu")
	name := groupName(t, "fits")
	limited(t, name, policy.Limits{Memory: 96 * size.MiB, Pids: 60, CPUMax: 5000})
	for _, l := range []policy.Limits{{Memory: 97 * size.MiB}, {Pids: 61}, {CPUMax: 5100}} {
		c := isolate.Command(withLandlockTried(policy.Policy{Group: name + "/in", Limits: l}), "true")
		if err := c.Run(); !errors.Is(err, isolate.ErrUnreachable) {
			t.Errorf("%+v: %v", l, err)
		}
		if err := isolate.LimitGroup(name+"/in", &l); !errors.Is(err, isolate.ErrUnreachable) {
			t.Errorf("a group in it, %+v: %v", l, err)
		}
	}
	r := done(t, policy.Policy{Group: name + "/in"}, "touch", "1")
	if *r.Limits.MemoryBytes != 96<<20 || *r.Limits.Pids != 60 {
		t.Errorf("by default it has %d bytes and %d tasks", *r.Limits.MemoryBytes, *r.Limits.Pids)
	}
}

// The kernel takes tasks into a full group, and refuses only their forks.
func TestAFullGroupTakesNoMember(t *testing.T) {
	offered(t, "pids")
	name := groupName(t, "full")
	limited(t, name, policy.Limits{Pids: 40})
	p := policy.Policy{Group: name, Limits: policy.Limits{Pids: 30}}
	end := start(t, p, "burn", "2")
	if err := isolate.LimitGroup(name, &policy.Limits{Pids: 1}); err != nil {
		t.Fatal(err)
	}
	c := isolate.Command(withLandlockTried(policy.Policy{Group: name}), "true")
	if err := c.Run(); !errors.Is(err, cgroup.ErrSetFull) {
		t.Errorf("one more in a full group: %v", err)
	}
	if r := end(); r.Reason != result.Exited {
		t.Errorf("who was in it: %s", result.Sentence(r.Result))
	}
}

// A limit is refused with all that were asked for beside it.
func TestAGroupKeepsItsLimitsWhenNewOnesAreRefused(t *testing.T) {
	offered(t, "cpu")
	name := groupName(t, "kept")
	limited(t, name, policy.Limits{Memory: 64 * size.MiB, Pids: 50, CPUMax: 5000})
	limited(t, name+"/in", policy.Limits{CPUMax: 4000})
	err := isolate.LimitGroup(name, &policy.Limits{Memory: 32 * size.MiB, Pids: 40, CPUMax: 3000})
	if f := offered(t, "cpu"); f.Version == 2 {
		if err != nil {
			t.Errorf("v2 takes a limit below a member's: %v", err)
		}
		return
	}
	if err == nil {
		t.Fatal("v1 takes no limit below a member's: the test shows nothing")
	}
	c := isolate.Command(withLandlockTried(policy.Policy{Group: name, Limits: policy.Limits{Memory: 64 * size.MiB, Pids: 50, CPUMax: 5000}}), "true")
	if err := c.Run(); err != nil {
		t.Errorf("what it had is no more: %v", err)
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
	limited(t, outer, policy.Limits{Pids: 200})
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

// What holds a group holds those in it, of which the kernel need not know a limit
// of their own.
func TestAGroupInAGroupIsUnderTheBandwidthOfBoth(t *testing.T) {
	offered(t, "cpu")
	outer := groupName(t, "wide")
	limited(t, outer, policy.Limits{CPUMax: 3000})
	bounded(t, "share of a core in a group in one of 30%", 0.30, 0.05, func() float64 {
		r := done(t, policy.Policy{Group: outer + "/inner"}, "burn", "3", in(time.Second))
		return r.said["cpu"] / r.said["wall"]
	})
}

func TestLimitsOfAGroupThatAreNotNamedStay(t *testing.T) {
	offered(t, "memory")
	name := groupName(t, "named")
	limited(t, name, policy.Limits{Memory: 64 * size.MiB, Swap: policy.Swap(32 * size.MiB)})
	figures := func() (memory, swap int64) {
		_, groups, err := isolate.Running()
		if err != nil {
			t.Fatal(err)
		}
		memory, swap = -1, -1
		for _, g := range groups {
			if g.Set != name {
				continue
			}
			for file, value := range g.Limits {
				n, _ := strconv.ParseInt(value, 10, 64)
				switch file {
				case "memory.max", "memory.limit_in_bytes":
					memory = n
				case "memory.swap.max", "memory.memsw.limit_in_bytes":
					swap = n
				}
			}
			if g.Limits["memory.memsw.limit_in_bytes"] != "" {
				swap -= memory
			}
		}
		return memory, swap
	}
	for _, step := range []struct {
		limits       policy.Limits
		named        []string
		memory, swap int64
	}{
		{policy.Limits{}, nil, 64 << 20, 32 << 20},
		{policy.Limits{Memory: 128 * size.MiB}, nil, 128 << 20, 32 << 20},
		{policy.Limits{Memory: 48 * size.MiB}, nil, 48 << 20, 32 << 20},
		{policy.Limits{}, []string{"swap"}, 48 << 20, 0},
		{policy.Limits{Pids: 50}, nil, 48 << 20, 0},
		{policy.Limits{Memory: policy.Unlimited}, nil, -1, -1},
		{policy.Limits{Memory: 64 * size.MiB}, nil, 64 << 20, 0},
	} {
		if err := isolate.LimitGroup(name, &step.limits, step.named...); err != nil {
			t.Fatalf("%+v: %v", step, err)
		}
		if memory, swap := figures(); memory != step.memory || swap != step.swap {
			t.Errorf("after %+v %v: memory %d, swap %d", step.limits, step.named, memory, swap)
		}
	}
}

func TestAGroupIsKilledButNotItsSupervisors(t *testing.T) {
	offered(t, "memory")
	name := groupName(t, "killed")
	limited(t, name, policy.Limits{Pids: 100})
	var ends []func() ran
	for _, program := range [][]string{{"burn", "30"}, {"orphan", "1", "30"}, {"touch", "1", "30"}} {
		ends = append(ends, start(t, policy.Policy{Group: name + "/in"}, program...))
	}
	time.Sleep(100 * time.Millisecond) // the orphan's first thread ends
	if err := isolate.KillGroup(name); err != nil {
		t.Fatal(err)
	}
	for _, end := range ends {
		if r := end(); r.Reason != result.Signaled || *r.Signal != int(unix.SIGKILL) {
			t.Errorf("a member of a killed group: %s: %s", r.Reason, result.Sentence(r.Result))
		}
	}
	if err := isolate.KillGroup(name + "-none"); !errors.Is(err, cgroup.ErrNoSet) {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestAGroupThatCanNotBeLimitedIsNotLeft(t *testing.T) {
	offered(t, "memory")
	name := groupName(t, "refused")
	for _, l := range []policy.Limits{{CPUMax: 10}, {Cores: "0-0"}, {HugeTLB: "3M=6M"}} {
		if err := isolate.LimitGroup(name, &l); err == nil {
			t.Errorf("%+v is no error", l)
		}
	}
	if isolate.LimitGroup("", &policy.Limits{Pids: 9}) == nil {
		t.Error("no name is no error")
	}
	left(t, name)
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
	end := start(t, policy.Policy{Group: name}, "burn", "5")
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
