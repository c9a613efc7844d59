//go:build guest

package guest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// These run where user namespaces are forbidden, by a setting of the guest's.

func TestWithoutUserNamespacesNothingIsRunByDefault(t *testing.T) {
	c := isolate.Command(nil, "echo", "ran")
	out, err := c.Output()
	var launch *isolate.LaunchError
	if !errors.As(err, &launch) || launch.Layer != policy.LayerUserNS || len(out) > 0 {
		t.Errorf("%q, %v: want an error of user_ns", out, err)
	}
}

// tried lets a launch go on without each layer that the kernel refuses.
func tried() policy.Policy {
	p := policy.Policy{Layers: policy.Layers{}}
	for _, l := range policy.AllLayers() {
		if l.CanTry {
			p.Layers[l.Name] = policy.Try
		}
	}
	return p
}

// Root makes the other namespaces without one of users, and all walls stand.
// An ordinary user is left with Landlock, the filter and limits, and is refused
// where Landlock can't hold signals.
func TestWithoutUserNamespacesTheOtherWallsStand(t *testing.T) {
	p := tried()
	c := isolate.Command(&p, "true")
	err := c.Run()
	switch {
	case os.Geteuid() == 0:
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range []policy.Layer{policy.LayerPidNS, policy.LayerMntNS, policy.LayerNetNS, policy.LayerRootfs, policy.LayerCapabilities, policy.LayerSeccomp} {
			if w := c.Result().Enforced.At(l); w.State != result.StateEnforced {
				t.Errorf("%s is %s: %s", l, w.State, w.Detail)
			}
		}
		fact("without user namespaces", "all other walls")
	case landlock() < 6:
		if err == nil || !strings.Contains(err.Error(), "signals") {
			t.Errorf("%v: want a refusal for want of Landlock's signal scope", err)
		}
		fact("without user namespaces", "refused")
	default:
		if err != nil {
			t.Fatal(err)
		}
		fact("without user namespaces", "Landlock, filter")
	}
}

func TestWithoutUserNamespacesTheUsersOwnAreOutOfReach(t *testing.T) {
	if os.Geteuid() != 0 && landlock() < 6 {
		t.Skip("needs Landlock's scope of signals (ABI 6, Linux 6.12)")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	victim := exec.CommandContext(t.Context(), "/usr/bin/sleep", "60")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = victim.Process.Kill(), victim.Wait() })
	for _, part := range []string{"read " + secret, "write " + secret, "signal " + strconv.Itoa(victim.Process.Pid)} {
		if got := outside(t, part); got != "done" {
			t.Errorf("outside %s: %s", part, got)
		}
		if got := inside(t, tried(), part); got == "done" || !strings.HasPrefix(got, "E") {
			t.Errorf("inside %s: %s", part, got)
		}
	}
}
