package isolate

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// What the target says of itself counts for nothing where the kernel tells
// otherwise: here of a process that is in no jail.
func TestWhatIsSeenFromOutsideOverrulesTheTarget(t *testing.T) {
	p := exec.Command("sleep", "60")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() })
	m, err := theMachine()
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(Command(nil, "true"))
	r.machine, r.facts = m, m.current()
	r.seen.pid = p.Process.Pid
	r.ids = &ids{target: 4_000_000_000}
	r.outside = r.lookFromOutside()
	says := func(*run) (bool, string) { return true, "the target says so" }
	for _, l := range []policy.Layer{policy.LayerSeccomp, policy.LayerNoNewPrivs, policy.LayerCapabilities, policy.LayerUserNS, policy.LayerPidNS, policy.LayerNetNS, policy.LayerMntNS, policy.LayerCgroup} {
		held, detail := r.weigh(l, says)
		if l == policy.LayerCapabilities && !r.facts.Root {
			continue // an ordinary user's process has none to begin with
		}
		if held || !strings.Contains(detail, "from outside") {
			t.Errorf("%s: %v, %s", l, held, detail)
		}
	}
	if held, _ := r.weigh(policy.LayerLandlock, says); !held {
		t.Error("landlock can't be seen from outside: the target's word stands")
	}
}

func TestATargetThatCannotBeSeenProvesNothing(t *testing.T) {
	r := newRun(Command(nil, "true"))
	r.seen.pid = 1 << 30 // above any pid_max
	r.outside = r.lookFromOutside()
	held, detail := r.weigh(policy.LayerRlimits, func(*run) (bool, string) { return true, "" })
	if held || !strings.Contains(detail, "no such file") {
		t.Errorf("%v, %s", held, detail)
	}
}

func TestVerifyFullLooksFromOutside(t *testing.T) {
	for _, v := range []policy.Verify{policy.VerifyFast, policy.VerifyFull} {
		c := Command(&policy.Policy{Verify: v}, "true")
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		for _, l := range []policy.Layer{policy.LayerSeccomp, policy.LayerNoNewPrivs, policy.LayerCapabilities} {
			w := c.Result().Enforced.At(l)
			if w.State != result.StateEnforced || strings.Contains(w.Detail, "from outside") != (v == policy.VerifyFull) {
				t.Errorf("verify %s: %s: %+v", v, l, w)
			}
		}
	}
}
