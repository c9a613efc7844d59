package isolate

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

const shortVar = "JAIL_TEST_SHORT"

// In a process of its own, so that its first launches are the ones that fail.
func TestAShortageOfDescriptorsPassesAndTakesNoWall(t *testing.T) {
	if os.Getenv(shortVar) != "" {
		launchWithFew(t)
		return
	}
	c := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), shortVar+"=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func launchWithFew(t *testing.T) {
	if r, w, err := os.Pipe(); err == nil { // the runtime can't do without its poller
		r.Close()
		w.Close()
	}
	for free := range 60 {
		c := Command(&policy.Policy{Layers: policy.Layers{policy.LayerCgroup: policy.Try}}, "true")
		restore := leaveDescriptors(t, free)
		err := c.Run()
		restore()
		if err != nil {
			holdShortage(t, free, c.Result(), err)
			continue
		}
		if s := c.Result().Enforced.At(policy.LayerCgroup).State; s != groupsHere(t) {
			t.Errorf("with %d descriptors the cgroup is %s", free, s)
		}
		if free < 10 {
			t.Errorf("%d descriptors are enough: nothing was short", free)
		}
	}
	if err := Command(nil, "true").Run(); err != nil {
		t.Errorf("the shortage is over: %v", err)
	}
}

// groupsHere is what becomes of a cgroup that is tried, when nothing is short.
func groupsHere(t *testing.T) result.State {
	t.Helper()
	m, err := theMachine()
	if err != nil {
		t.Fatal(err)
	}
	if m.noGrps != nil {
		return result.StateAbsent
	}
	return result.StateEnforced
}

func holdShortage(t *testing.T, free int, r *result.Result, err error) {
	t.Helper()
	var le *LaunchError
	if !errors.As(err, &le) {
		t.Errorf("with %d descriptors: %T %v", free, err, err)
		return
	}
	if !strings.Contains(le.Hint, "ulimit -n") || r.Error == nil || r.Error.Hint != le.Hint {
		t.Errorf("with %d descriptors: %v", free, err)
	}
}

func TestAStepThatMeetsAShortageIsNotAdvisedAway(t *testing.T) {
	for _, l := range policy.AllLayers() {
		for errno, want := range map[unix.Errno]string{unix.EMFILE: "ulimit -n", unix.ENFILE: "fs.file-max", unix.ENOMEM: "memory"} {
			h := stepHint(&tape.Op{Call: unix.SYS_OPENAT, Layer: string(l.Name)}, errno)
			if !strings.Contains(h, want) || strings.Contains(h, "--") {
				t.Errorf("%s, %v: %s", l.Name, errno, h)
			}
		}
	}
}

func TestAShortageNeverDropsAGroupThatIsTried(t *testing.T) {
	r := newRun(Command(&policy.Policy{Layers: policy.Layers{policy.LayerCgroup: policy.Try}}, "true"))
	if err := r.lookAround(); err != nil {
		t.Fatal(err)
	}
	for _, errno := range []unix.Errno{unix.EMFILE, unix.ENFILE, unix.ENOMEM} {
		if r.withLess(&LaunchError{Op: "launch", Step: "join a group", Layer: policy.LayerCgroup, Err: errno}) != nil {
			t.Errorf("%v: the launch goes on without a group", errno)
		}
		if r.groupMissing(errno) == nil {
			t.Errorf("%v: the launch goes on without a group", errno)
		}
		r.noGroup = nil
	}
}

func TestOnlyWhatWasLearntIsRemembered(t *testing.T) {
	looks := 0
	get := learnt(func() (*int, error) {
		if looks++; looks < 3 {
			return nil, unix.EMFILE
		}
		return &looks, nil
	})
	for range 5 {
		_, _ = get()
	}
	if v, err := get(); err != nil || *v != 3 {
		t.Errorf("%d looks, %v", looks, err)
	}
}

func TestAnArgumentWithANULByteIsRefused(t *testing.T) {
	for i, args := range [][]string{{"ec\x00ho"}, {"echo", "safe\x00evil"}, {"echo", "safe", "\x00"}} {
		c := Command(nil, args...)
		out, err := c.Output()
		var ae *ArgError
		if !errors.As(err, &ae) || ae.Index != i || !errors.Is(err, unix.EINVAL) || len(out) > 0 {
			t.Errorf("%q: %q, %v", args, out, err)
		}
		if r := c.Result(); r.Reason != result.SetupFailed {
			t.Errorf("%q: %s", args, r.Reason)
		}
	}
}
