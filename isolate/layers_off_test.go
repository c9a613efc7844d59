package isolate_test

import (
	"maps"
	"os"
	"slices"
	"testing"

	"bytes"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/posture"
)

// oneOff has a row for each layer that can be switched off, with the lines of
// the posture that go with it, and those that may.
var oneOff = []struct {
	layer policy.Layer
	base  policy.Layers // off before and after, so that the layer's own lines can be seen
	must  []string
	may   []string
}{
	{layer: policy.LayerNetNS, must: []string{"ns.net"}, may: []string{"if."}},
	{layer: policy.LayerIpcNS, must: []string{"ns.ipc", "sysv.shm", "sysv.sem", "sysv.msg"}},
	{layer: policy.LayerUtsNS, must: []string{"ns.uts", "uts.nodename"}, may: []string{"uts.domainname"}},
	{layer: policy.LayerCgroupNS, must: []string{"ns.cgroup", "self.cgroup"}},
	{layer: policy.LayerTimeNS, must: []string{"ns.time", "clock.boottime", "clock.monotonic", "self.timens_offsets"}},
	// without a group, a process's own limits stand in for it
	{layer: policy.LayerCgroup, must: []string{"rlimit.data", "rlimit.nproc"}},
	{layer: policy.LayerSeccomp, must: []string{"status.Seccomp", "prctl.seccomp", "keyring.session", "call.bpf", "call.keyctl", "call.clone3"},
		may: []string{"status.Seccomp_filters", "call.", "root.run", "mount./run/jail", "open./run", "open./run/jail/denials"}}, // whose calls nobody hears of
	{layer: policy.LayerLandlock, must: []string{"landlock.write /proc/self/comm", "landlock.write /proc/self/mem"},
		may: []string{"landlock.write /proc/self/oom_score_adj"}},
	// the filter hides the whole of keyctl(2); what is seen without it depends on whether the caller has a session
	// keyring, so that has a test of its own
	{layer: policy.LayerKeyring, base: policy.Layers{policy.LayerSeccomp: policy.Off}, may: []string{"keyring.session"}},
	{layer: policy.LayerRlimits, must: []string{"rlimit.core", "rlimit.nofile", "rlimit.sigpending", "rlimit.stack", "status.SigQ"}, may: []string{"rlimit."}},
}

func TestALayerSwitchedOffChangesItsOwnLinesAlone(t *testing.T) {
	needRoot(t)
	dir := stageDir(t)
	litter(t)
	t.Setenv(dirVar, dir)
	must(t, outside(here("outside"), 0, 1, 2))
	callers := readReport(t, here("outside"))
	for _, row := range oneOff {
		t.Run(string(row.layer), func(t *testing.T) {
			before, stood := reportUnder(t, callers, row.base)
			without := maps.Clone(row.base)
			if without == nil {
				without = policy.Layers{}
			}
			without[row.layer] = policy.Off
			after, stands := reportUnder(t, callers, without)
			holdToRow(t, posture.Changed(before, after), row.must, row.may)
			stood[row.layer] = result.StateOff
			for l, s := range stands {
				if stood[l] != s {
					t.Errorf("enforced.%s is %s", l, s)
				}
			}
		})
	}
}

func TestOnlyWithoutItsLayerIsTheCallersKeyringThere(t *testing.T) {
	needRoot(t)
	outside, inside := dirtyReports(t, "session-keyring", "off:seccomp")
	if id := inside["keyring.session"]; id == outside["keyring.session"] {
		t.Errorf("the session keyring inside is the caller's, %s", id)
	}
	outside, inside = dirtyReports(t, "session-keyring", "off:seccomp", "off:keyring")
	if id := inside["keyring.session"]; id != outside["keyring.session"] {
		t.Errorf("without the layer the session keyring is %s, not the caller's", id)
	}
}

func TestEveryLayerThatCanBeOffHasARow(t *testing.T) {
	for _, l := range policy.AllLayers() {
		has := false
		for _, row := range oneOff {
			has = has || row.layer == l.Name
		}
		if has != l.CanOff {
			t.Errorf("%s: a row %v, can be off %v", l.Name, has, l.CanOff)
		}
	}
}

func holdToRow(t *testing.T, d map[string]string, must, may []string) {
	t.Helper()
	for _, key := range must {
		if _, ok := d[key]; !ok {
			t.Errorf("%s stayed as it was", key)
		}
	}
	known := posture.Keys(append(slices.Clone(must), may...)...)
	for key, what := range d {
		if !known(key) {
			t.Errorf("%s: %s", key, what)
		}
	}
}

// reportUnder gives the posture and the walls of a jail with these layers.
func reportUnder(t *testing.T, callers posture.Report, layers policy.Layers) (posture.Report, map[policy.Layer]result.State) {
	t.Helper()
	var out, errs bytes.Buffer
	c := isolate.Command(&policy.Policy{Layers: layers}, "/box/posture")
	must(t, c.Show(os.Getenv(dirVar), "posture"))
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	r, err := posture.Parse(out.String())
	must(t, err)
	states := map[policy.Layer]result.State{}
	for _, l := range policy.AllLayers() {
		states[l.Name] = c.Result().Enforced.At(l.Name).State
	}
	return posture.Abstract(r, callers), states
}
