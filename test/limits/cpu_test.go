package limits

import (
	"math/bits"
	"testing"
	"time"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

func TestCPUMaxHoldsTheShareOfACore(t *testing.T) {
	offered(t, "cpu")
	share := 0.0
	for range 10 { // others may have the cores for a while
		free := done(t, policy.Policy{}, "burn", "1")
		if share = free.said["cpu"] / free.said["wall"]; share >= 0.5 {
			break
		}
	}
	if share < 0.5 {
		t.Fatalf("without a limit it has %.0f %% of a core", 100*share)
	}
	var r ran
	bounded(t, "share of a core at --cpu-max 30%", 0.30, 0.05, func() float64 {
		r = done(t, policy.Policy{Limits: policy.Limits{CPUMax: 3000}}, "burn", "4")
		return r.said["cpu"] / r.said["wall"]
	})
	if r.Usage.CPUThrottledNS == nil || *r.Usage.CPUThrottledNS < 1e9 {
		t.Errorf("cpu_throttled_ns: %v", r.Usage.CPUThrottledNS)
	}
}

// ownCore is one CPU that this process may use, and how many there are.
func ownCore(t *testing.T) (core string, bit uint64, all int) {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	last := 0
	for cpu := range 64 {
		if set.IsSet(cpu) {
			last = cpu
		}
	}
	return itoa(last) + "-" + itoa(last), 1 << last, set.Count()
}

func TestCPUWeightSharesACoreInProportion(t *testing.T) {
	offered(t, "cpu")
	core, _, _ := ownCore(t)
	for _, c := range []struct {
		weights [2]int64
		want    float64
	}{{[2]int64{100, 100}, 0.5}, {[2]int64{100, 400}, 0.8}} {
		steady(t, "share of the second", c.want, 0.05, func() float64 {
			var ends [2]func() ran
			from := in(time.Second)
			for i, w := range c.weights {
				ends[i] = start(t, policy.Policy{Limits: policy.Limits{CPUWeight: w, Cores: core}}, "burn", "3", from)
			}
			a, b := ends[0]().said["cpu"], ends[1]().said["cpu"]
			return b / (a + b)
		})
	}
}

func TestCoresCannotBeLeft(t *testing.T) {
	offered(t, "cpuset")
	core, bit, all := ownCore(t)
	if all < 2 {
		t.Skip("needs two CPUs: this machine has one")
	}
	free := done(t, policy.Policy{}, "escape")
	if bits.OnesCount64(uint64(free.said["seen"])) < 2 {
		t.Fatalf("without a limit it is on the CPUs %#x", uint64(free.said["seen"]))
	}
	r := done(t, policy.Policy{Limits: policy.Limits{Cores: core}}, "escape")
	if got := uint64(r.said["seen"]); got != bit {
		t.Errorf("it was on the CPUs %#x, not %#x alone; %.0f of 64 wishes were refused", got, bit, r.said["refused"])
	}
}
