package isolate

import (
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// A group that fails only when the program is to join it must not leave a
// program without any bound: the launch begins anew, with what bounds it then.
func TestAGroupThatFailsLateLeavesTheLimitsOfNoGroup(t *testing.T) {
	p := &policy.Policy{
		Limits: policy.Limits{Memory: 64 << 20},
		Layers: policy.Layers{policy.LayerCgroup: policy.Try},
	}
	var out strings.Builder
	c := Command(p, "sh", "-c", "ulimit -d; cat")
	c.Stdin, c.Stdout = strings.NewReader("whole"), &out
	first := newRun(c)
	if err := first.lookAround(); err != nil {
		t.Fatal(err)
	}
	refused := &LaunchError{Op: "launch", Step: "join a group", Layer: policy.LayerCgroup, Err: unix.EACCES}
	less := first.withLess(refused)
	if less == nil {
		t.Fatal("the policy lets the group go, and the launch does not")
	}
	if err := less.tryLaunch((*run).serve); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "65536\nwhole" {
		t.Errorf("without a group: %q, want the memory bound of the process, 65536 KiB", got)
	}
	w := less.wait().Enforced.At(policy.LayerCgroup)
	if w.State != result.StateAbsent || !strings.Contains(w.Detail, "join a group") {
		t.Errorf("%+v", w)
	}
	if less.withLess(refused) != nil {
		t.Error("a launch without groups is tried without groups again")
	}
}

func TestARequiredGroupThatFailsLateEndsTheLaunch(t *testing.T) {
	r := newRun(Command(&policy.Policy{Layers: policy.Layers{policy.LayerCgroup: policy.Require}}, "true"))
	_ = r.lookAround() // where there are no groups it fails here already
	if r.withLess(&LaunchError{Op: "launch", Layer: policy.LayerCgroup, Err: unix.EACCES}) != nil {
		t.Error("the launch goes on without")
	}
}

// Whoever takes a new group's lock first, as a gc in another pid namespace does,
// delays a launch and no more: the next group has another name.
func TestALaunchWhoseGroupWasTakenBeginsAnew(t *testing.T) {
	taken := &LaunchError{Op: "make the cgroup", Layer: policy.LayerCgroup, Err: &cgroup.Error{Op: "lock", Err: cgroup.ErrHeld}}
	r := newRun(Command(&policy.Policy{}, "true"))
	if err := r.lookAround(); err != nil {
		t.Fatal(err)
	}
	for n := range mostLost {
		less := r.withLess(taken)
		if less == nil || less.noGroup != nil {
			t.Fatalf("launch %d is not tried again with a group", n)
		}
		r = less
		if err := r.lookAround(); err != nil {
			t.Fatal(err)
		}
	}
	if r.withLess(taken) != nil {
		t.Error("it is tried without end")
	}
}

// A filter around jail that refuses one call must not take the layers that need
// it not, nor any that the policy does not let go.
func TestALayerWhoseCallIsRefusedIsLeftOutWhereThePolicyTriesIt(t *testing.T) {
	refused := &LaunchError{Op: "launch", Step: "set the host name", Layer: policy.LayerUtsNS, Err: unix.EPERM}
	p := &policy.Policy{Layers: policy.Layers{policy.LayerUtsNS: policy.Try, policy.LayerCgroup: policy.Off}}
	var out strings.Builder
	c := Command(p, "cat")
	c.Stdin, c.Stdout = strings.NewReader("whole"), &out
	first := newRun(c)
	if err := first.lookAround(); err != nil {
		t.Fatal(err)
	}
	if !first.mayLose() {
		t.Error("the input is not held back for a second launch")
	}
	less := first.withLess(refused)
	if less == nil {
		t.Fatal("the policy lets the layer go, and the launch does not")
	}
	if err := less.tryLaunch((*run).serve); err != nil {
		t.Fatal(err)
	}
	res := less.wait()
	if out.String() != "whole" {
		t.Errorf("the input came as %q", out.String())
	}
	if w := res.Enforced.At(policy.LayerUtsNS); w.State != result.StateAbsent {
		t.Errorf("%+v", w)
	}
	for _, l := range []policy.Layer{policy.LayerUserNS, policy.LayerNetNS, policy.LayerRootfs} {
		if w := res.Enforced.At(l); w.State != result.StateEnforced {
			t.Errorf("%s: %+v", l, w)
		}
	}
	if less.withLess(refused) != nil {
		t.Error("it is tried without end")
	}
}

func TestARequiredLayerWhoseCallIsRefusedEndsTheLaunch(t *testing.T) {
	r := newRun(Command(&policy.Policy{}, "true"))
	if err := r.lookAround(); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"set the host name", stepProc, stepMap, stepClone} {
		if r.withLess(&LaunchError{Op: "launch", Step: step, Layer: policy.LayerUtsNS, Err: unix.EPERM}) != nil {
			t.Errorf("after %q the launch goes on without", step)
		}
	}
}
