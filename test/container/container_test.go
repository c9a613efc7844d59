//go:build container

package container

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

// The engine's flags that docs/containers.md recommends.
func recommended() []string { return append(ours(), unmasked...) }

func ours() []string { return []string{"--security-opt", "seccomp=" + shipped} }

func dockers() []string { return []string{"--security-opt", "seccomp=" + docker} }

var unmasked = []string{"--security-opt", "unmask=/proc/*"}

const sum = ` -- python3 -c 'print(6*7)'`

// tryAll lets a launch go on with what is to be had.
func tryAll() string {
	flags := ""
	for _, l := range policy.AllLayers() {
		if l.CanTry {
			flags += " --try " + string(l.Name)
		}
	}
	return flags
}

// namespaces are the layers that a container takes away by default.
var namespaces = []policy.Layer{
	policy.LayerUserNS, policy.LayerPidNS, policy.LayerMntNS, policy.LayerNetNS, policy.LayerIpcNS,
	policy.LayerUtsNS, policy.LayerCgroupNS, policy.LayerRootfs,
}

// rest are the walls that stand in any container.
var rest = []policy.Layer{policy.LayerSeccomp, policy.LayerLandlock, policy.LayerCapabilities, policy.LayerNoNewPrivs, policy.LayerRlimits}

// ran parses a result that jail wrote after the program's last byte.
func ran(t *testing.T, s said) *result.Result {
	t.Helper()
	out, line, ok := strings.Cut(s.out, "\n")
	var r result.Result
	if !ok || out != "42" || json.Unmarshal([]byte(line), &r) != nil {
		t.Fatalf("%q, status %d: %s", s.out, s.status, s.err)
	}
	return &r
}

func holds(t *testing.T, r *result.Result, want result.State, layers ...policy.Layer) {
	t.Helper()
	for _, l := range layers {
		if w := r.Enforced.At(l); w.State != want {
			t.Errorf("%s is %s (%s), not %s", l, w.State, w.Detail, want)
		}
	}
}

func asEach(t *testing.T, f func(t *testing.T, uid int)) {
	for _, uid := range users {
		t.Run(fmt.Sprint("uid ", uid), func(t *testing.T) { f(t, uid) })
	}
}

// What each way of leaving something out takes away, and what the error must
// name: the layer, who is in the way, and the mend.
var lacking = []struct {
	name  string
	flags func() []string
	names []string
}{
	{"podman's defaults", func() []string { return nil },
		[]string{"mount proc", "layer pid_ns", "/proc/", "unmask=/proc/*", "--try user_ns"}},
	{"docker's defaults", dockers,
		[]string{"clone pid 1", "layer user_ns", "filter around jail", "seccomp=contrib/seccomp/jail.json", "--try user_ns"}},
	{"without the profile", func() []string { return unmasked },
		[]string{"host name", "layer uts_ns", "filter around jail", "seccomp=contrib/seccomp/jail.json", "--try uts_ns"}},
	{"with a covered /proc", ours,
		[]string{"mount proc", "layer pid_ns", "unmask=/proc/*"}},
}

func TestAContainerThatLacksSomethingIsToldWhatAndNothingRuns(t *testing.T) {
	for _, c := range lacking {
		t.Run(c.name, func(t *testing.T) {
			asEach(t, func(t *testing.T, uid int) {
				s := inside(t, uid, c.flags(), "exec /opt/jail exec --try cgroup"+sum)
				if s.status != result.StatusFailed || s.out != "" {
					t.Errorf("status %d, %q", s.status, s.out)
				}
				for _, n := range c.names {
					if !strings.Contains(s.err, n) {
						t.Errorf("the error does not name %q: %s", n, s.err)
					}
				}
			})
		})
	}
}

func TestDoctorSaysWhatTheContainerLacks(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags []string
		says  []string
	}{
		{"podman's defaults", nil, []string{"missing  /proc", "unmask=/proc/*", "does not work here"}},
		{"docker's defaults", dockers(), []string{"missing  filter around jail", "refuses clone(2)", "missing  /proc", "does not work here", "absent: user namespaces are forbidden here"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			asEach(t, func(t *testing.T, uid int) {
				s := inside(t, uid, c.flags, "exec /opt/jail doctor")
				if s.status != 1 {
					t.Errorf("status %d", s.status)
				}
				for _, w := range c.says {
					if !strings.Contains(s.out, w) {
						t.Errorf("%q is not said: %s", w, s.out)
					}
				}
			})
		})
	}
}

func TestWhereNamespacesAreTriedTheRestStillHolds(t *testing.T) {
	for _, c := range lacking[:2] {
		t.Run(c.name, func(t *testing.T) {
			asEach(t, func(t *testing.T, uid int) {
				r := ran(t, inside(t, uid, c.flags(), "exec /opt/jail exec --quiet --json -"+tryAll()+sum))
				holds(t, r, result.StateAbsent, namespaces...)
				holds(t, r, result.StateEnforced, rest...)
			})
		})
	}
}

// The user's own file, and his own shell, are out of reach of a program that
// has the same namespaces and the same user id.
func TestWhereNamespacesAreTriedTheUsersFilesAndProcessesAreOutOfReach(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		file := fmt.Sprint("/opt/secret-", uid)
		outside := inside(t, uid, dockers(), "cat "+file+"; sleep 9 & kill -0 $! && echo signal")
		if outside.out != "secret\nsignal\n" {
			t.Fatalf("without a jail not all is done, so that what holds shows nothing: %q, %s", outside.out, outside.err)
		}
		s := inside(t, uid, dockers(), "sleep 9 & exec /opt/jail exec --quiet"+tryAll()+
			` -- sh -c "cat `+file+` && echo content; kill -0 $! && echo signal; echo done"`)
		if s.out != "done\n" {
			t.Errorf("%q, %s", s.out, s.err)
		}
	})
}

func TestWithTheRecommendedFlagsEveryLayerStandsButTheGroup(t *testing.T) {
	var all []policy.Layer
	for _, l := range policy.AllLayers() {
		if l.Name != policy.LayerCgroup {
			all = append(all, l.Name)
		}
	}
	asEach(t, func(t *testing.T, uid int) {
		r := ran(t, inside(t, uid, recommended(), "exec /opt/jail exec --quiet --try cgroup --json -"+sum))
		holds(t, r, result.StateEnforced, all...)
		holds(t, r, result.StateAbsent, policy.LayerCgroup)
	})
}

func TestAnOrdinaryUserNeedsNoRightOfTheContainers(t *testing.T) {
	flags := append(recommended(), "--cap-drop", "all", "--security-opt", "no-new-privileges", "--read-only")
	s := inside(t, 1000, flags, "/opt/jail exec --quiet"+sum+" && /opt/jail doctor")
	if s.status != 0 || !strings.HasPrefix(s.out, "42\n") || !strings.Contains(s.out, "A jail with nothing but defaults works here.") {
		t.Errorf("status %d: %s%s", s.status, s.out, s.err)
	}
}

func TestRootWithoutAGroupIsToldSo(t *testing.T) {
	s := inside(t, 0, recommended(), "exec /opt/jail exec"+sum)
	if s.status != result.StatusFailed || s.out != "" || !strings.Contains(s.err, "layer cgroup") || !strings.Contains(s.err, "--try cgroup") {
		t.Errorf("status %d: %s%s", s.status, s.out, s.err)
	}
}

func TestRootWithoutTheRightToMapItselfIsToldSo(t *testing.T) {
	s := inside(t, 0, append(recommended(), "--cap-drop", "all"), "exec /opt/jail exec --try cgroup"+sum)
	if s.status != result.StatusFailed || !strings.Contains(s.err, "CAP_SETFCAP") || !strings.Contains(s.err, "--user 1000") {
		t.Errorf("status %d: %s%s", s.status, s.out, s.err)
	}
}

func TestWhatRootNeedsOfItsCapabilities(t *testing.T) {
	for _, caps := range [][]string{{"SETFCAP"}, {"SETUID", "SETGID", "CHOWN"}} {
		flags := append(recommended(), "--cap-drop", "all")
		for _, c := range caps {
			flags = append(flags, "--cap-add", c)
		}
		if s := inside(t, 0, flags, "exec /opt/jail exec --quiet --try cgroup"+sum); s.out != "42\n" {
			t.Errorf("%v: status %d: %s%s", caps, s.status, s.out, s.err)
		}
	}
}

// A filter that refuses single calls takes single layers: podman's own sethostname(2).
func TestALayerThatAFilterRefusesIsLeftOutWhereItIsTried(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		r := ran(t, inside(t, uid, unmasked, "echo 42 | exec /opt/jail exec --quiet --try cgroup --try uts_ns --json - -- python3 -c 'print(input())'"))
		holds(t, r, result.StateAbsent, policy.LayerUtsNS)
		holds(t, r, result.StateEnforced, policy.LayerUserNS, policy.LayerPidNS, policy.LayerMntNS, policy.LayerNetNS, policy.LayerRootfs)
	})
}
