package oracle

import (
	"slices"
	"testing"

	"github.com/jailrun/jail/isolate/cgroup"
)

// metersIO says whether block devices can be metered here.
func metersIO(h *cgroup.Host) bool {
	return slices.ContainsFunc(h.Describe(), func(f cgroup.Fact) bool { return f.Controller == "blkio" && f.Writable })
}

// The figures must lie between two of ours, one read before them and one after:
// the group rests, but its threads may look at a clock.
func TestTheOracleReadsTheSame(t *testing.T) {
	h := testHost(t)
	spec := cgroup.Spec{Memory: 256 << 20, Pids: 100, IO: metersIO(h)}
	file := ""
	if spec.IO {
		file = diskFile(t)
	}
	g := testGroup(t, spec)
	if file != "" {
		meter(t, g, file)
	}
	in(t, g, "all "+file)
	before := ours(t, g)
	other := theirs(t, g.Name())
	after := ours(t, g)
	compared := 0
	for name, v := range other {
		a, ok := before[name]
		if !ok {
			continue
		}
		compared++
		t.Logf("%-8s %12d, jail %d to %d", name, v, a, after[name])
		if h.Mode != cgroup.ModeV2 && (name == "user" || name == "system") {
			continue
		}
		if v < min(a, after[name]) || v > max(a, after[name]) {
			t.Errorf("%s is %d, and jail says %d, then %d", name, v, a, after[name])
		}
	}
	if least := 6; compared < least {
		t.Errorf("%d figures were compared, not %d: %v, %v", compared, least, before, other)
	}
	if a, b := userShare(before), userShare(other); a-b < -0.1 || a-b > 0.1 {
		t.Errorf("the user's part of the CPU time is %.2f for jail, %.2f for the oracle", a, b)
	}
	if other["now"] > before["peak"] {
		t.Errorf("%d bytes are in use, more than the peak of %d", other["now"], before["peak"])
	}
	if file != "" && (before["written"] == 0 || other["written"] == 0) {
		t.Errorf("what was written is not seen: %v, %v", before, other)
	}
}

// userShare is what both can tell alike on v1, where jail reads the ticks of the
// clock that met either part, and the library what the kernel makes of the whole
// time by the same ticks (cpuacct.usage_user, cpuacct.stat).
func userShare(f figures) float64 {
	return float64(f["user"]) / float64(f["user"]+f["system"])
}
