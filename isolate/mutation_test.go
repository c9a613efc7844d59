//go:build jailtest

package isolate

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// leftOut is a wall whose steps are left out of the tape behind the plan's
// back. The result must see it by the kernel's answers alone.
type leftOut struct {
	layer policy.Layer
	what  string
	flag  uint64             // taken from the flags of pid 1's clone
	drop  func(tape.Op) bool // steps that are not played
	early bool               // the launch ends before the read-back: later steps stand on the wall
}

func steps(prefixes ...string) func(tape.Op) bool {
	return func(o tape.Op) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(o.Step, p) {
				return true
			}
		}
		return false
	}
}

func ofLayers(layers ...policy.Layer) func(tape.Op) bool {
	return func(o tape.Op) bool {
		for _, l := range layers {
			if o.Layer == string(l) {
				return true
			}
		}
		return false
	}
}

func targets(prefixes ...string) func(tape.Op) bool {
	f := steps(prefixes...)
	return func(o tape.Op) bool { return o.Proc == tape.Target && f(o) }
}

func either(fs ...func(tape.Op) bool) func(tape.Op) bool {
	return func(o tape.Op) bool {
		for _, f := range fs {
			if f(o) {
				return true
			}
		}
		return false
	}
}

// noRoot leaves out the root, and what stands on it.
var noRoot = either(ofLayers(policy.LayerRootfs, policy.LayerLandlock), steps("mount proc", "enter /"))

// mutations leave out each wall of the result's "enforced", most in more than
// one way.
var mutations = []leftOut{
	{policy.LayerUserNS, "no user namespace", unix.CLONE_NEWUSER, nil, true},
	{policy.LayerUserNS, "ids not changed", 0, targets("set gid", "set uid"), false},
	{policy.LayerUserNS, "groups not dropped", 0, steps("drop init's groups", "drop all groups"), false},
	{policy.LayerPidNS, "no pid namespace", unix.CLONE_NEWPID, either(noRoot, steps("check that it is 1")), false},
	{policy.LayerPidNS, "no pid namespace, and /proc of it", unix.CLONE_NEWPID, steps("check that it is 1"), true},
	{policy.LayerPidNS, "no pid namespace, which pid 1 sees", unix.CLONE_NEWPID, nil, true},
	{policy.LayerMntNS, "no mount namespace", unix.CLONE_NEWNS, noRoot, false},
	{policy.LayerNetNS, "network namespace not entered", 0, steps("enter the network namespace"), false},
	{policy.LayerIpcNS, "no IPC namespace", unix.CLONE_NEWIPC, nil, false},
	{policy.LayerUtsNS, "no UTS namespace", unix.CLONE_NEWUTS, ofLayers(policy.LayerUtsNS), false},
	{policy.LayerCgroupNS, "cgroup namespace not unshared", 0, steps("unshare the cgroup"), false},
	{policy.LayerTimeNS, "time namespace not unshared", 0, ofLayers(policy.LayerTimeNS), false},
	{policy.LayerTimeNS, "clocks not set back", 0, steps("set the clocks"), false},
	{policy.LayerCgroup, "groups not joined", 0, steps("join a group"), false},
	{policy.LayerCgroup, "groups not received", 0, ofLayers(policy.LayerCgroup), false},
	{policy.LayerSeccomp, "no filter", 0, ofLayers(policy.LayerSeccomp), false},
	{policy.LayerSeccomp, "target not filtered", 0, steps("filter system calls", "hand over the listener", "close the listener"), false},
	{policy.LayerLandlock, "not restricted", 0, steps("restrict itself"), false},
	{policy.LayerLandlock, "no Landlock", 0, ofLayers(policy.LayerLandlock), false},
	{policy.LayerRootfs, "no root", 0, noRoot, false},
	{policy.LayerRootfs, "root writable", 0, steps("make the root read-only"), false},
	{policy.LayerRootfs, "root not entered", 0, either(steps("pivot_root", "detach the old"), ofLayers(policy.LayerLandlock)), false},
	{policy.LayerCapabilities, "capabilities kept", 0, targets("clear all cap"), false},
	{policy.LayerCapabilities, "securebits open", 0, steps("lock securebits"), false},
	{policy.LayerCapabilities, "bounding set full", 0, targets("drop a capability"), false},
	{policy.LayerCapabilities, "CAP_NET_RAW in the bounding set", 0, bounded(unix.CAP_NET_RAW), false},
	{policy.LayerCapabilities, "CAP_SYS_ADMIN in the bounding set", 0, bounded(unix.CAP_SYS_ADMIN), false},
	{policy.LayerNoNewPrivs, "not set, nor what needs it", 0, either(targets("set no_new_privs"), ofLayers(policy.LayerLandlock, policy.LayerSeccomp)), false},
	{policy.LayerNoNewPrivs, "not set", 0, targets("set no_new_privs"), true},
	{policy.LayerRlimits, "no limits", 0, ofLayers(policy.LayerRlimits), false},
	{policy.LayerUserNS, "groups not asked for", 0, steps("read back groups"), false},
	{policy.LayerTimeNS, "clock not asked for", 0, steps("read back the boot clock"), false},
	{policy.LayerCapabilities, "capabilities not asked for", 0, steps("read back capabilities"), false},
	{policy.LayerCapabilities, "bounding set not asked for", 0, steps("read back the bounding set"), false},
	{policy.LayerRlimits, "limits not asked for", 0, steps("read back a resource limit"), false},
	{policy.LayerKeyring, "keyring not asked for", 0, steps("read back the session keyring"), false},
	{policy.LayerKeyring, "default keyring not asked for", 0, steps("read back the user's default"), false},
	{policy.LayerRlimits, "no limit of locked memory", 0, steps("limit open files"), false},
	{policy.LayerKeyring, "the caller's session keyring", 0, ofLayers(policy.LayerKeyring), false},
}

func bounded(c uint64) func(tape.Op) bool {
	return func(o tape.Op) bool {
		return o.Proc == tape.Target && o.Call == unix.SYS_PRCTL && o.Args[0] == unix.PR_CAPBSET_DROP && o.Args[1] == c
	}
}

func (m *leftOut) tape(t *tape.Tape) *tape.Tape {
	if m.flag != 0 {
		for i := range t.Ops {
			if o := &t.Ops[i]; o.Call == unix.SYS_CLONE3 {
				t = t.WithWord(o.Args[0], t.Word(o.Args[0])&^m.flag)
				break
			}
		}
	}
	if m.drop != nil {
		t = t.Without(m.drop)
	}
	return t
}

// run launches true with every layer at try but for the mutated one.
func (m *leftOut) run(t *testing.T, level policy.Level) (*result.Result, error) {
	t.Helper()
	Mutate(m.tape)
	defer Mutate(nil)
	ownGroup(t)
	p := &policy.Policy{Layers: policy.Layers{}, Chdir: "/"}
	for _, l := range policy.AllLayers() {
		if l.CanTry {
			p.Layers[l.Name] = policy.Try
		}
	}
	if m.layer != policy.LayerNoNewPrivs {
		p.Layers[m.layer] = level
	}
	c := Command(p, "/usr/bin/true")
	err := c.Run()
	return c.Result(), err
}

func TestAWallThatIsLeftOutIsSeenToBeAbsent(t *testing.T) {
	if !apart(t) {
		return
	}
	for i := range mutations {
		m := &mutations[i]
		if m.early || m.layer == policy.LayerNoNewPrivs {
			continue // there is no launch to tell of
		}
		t.Run(string(m.layer)+" "+m.what, func(t *testing.T) {
			res, err := m.run(t, policy.Try)
			if err != nil {
				t.Fatal(err)
			}
			if w := res.Enforced.At(m.layer); w.State != result.StateAbsent {
				t.Errorf("%s is %s: %s", m.layer, w.State, w.Detail)
			}
		})
	}
}

func TestARequiredWallThatIsLeftOutEndsTheLaunch(t *testing.T) {
	if !apart(t) {
		return
	}
	for i := range mutations {
		m := &mutations[i]
		t.Run(string(m.layer)+" "+m.what, func(t *testing.T) {
			_, err := m.run(t, policy.Require)
			var le *LaunchError
			if !errors.As(err, &le) {
				t.Fatalf("got %v", err)
			}
			if le.Layer != m.layer && !m.early {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Every key has its mutation.
func TestEveryWallIsLeftOutOnce(t *testing.T) {
	seen := map[policy.Layer]bool{}
	for i := range mutations {
		seen[mutations[i].layer] = true
	}
	for _, l := range policy.AllLayers() {
		if !seen[l.Name] {
			t.Errorf("no mutation leaves out %s", l.Name)
		}
	}
}

func TestUnchangedTapeEnforcesAll(t *testing.T) {
	if !apart(t) {
		return
	}
	m := leftOut{layer: policy.LayerUserNS}
	res, err := m.run(t, policy.Require)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range policy.AllLayers() {
		if w := res.Enforced.At(l.Name); w.State != result.StateEnforced {
			t.Errorf("%s is %s: %s", l.Name, w.State, w.Detail)
		}
	}
}

// ownGroup gives this process a supplementary group, so that there is one to
// drop.
func ownGroup(t *testing.T) {
	t.Helper()
	old, err := syscall.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setgroups([]int{4242}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setgroups(old); err != nil {
			t.Error(err)
		}
	})
}
