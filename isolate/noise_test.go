package isolate

import (
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jailrun/jail/internal/alone"
	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
)

func TestCPUTimesAreOfTheCPUsInQuestion(t *testing.T) {
	const stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 100 50 4 5 6 1 1\ncpu1 10 0 0 7 7 0 0 1 10 0\nintr 1 2\n"
	for list, want := range map[string][2]time.Duration{"0": {15, 6}, "1": {10, 1}, "0-1": {25, 7}, "5": {0, 0}, "": {0, 0}} {
		s, _ := cores.ParseSet(list)
		busy, steal := cpuTimes([]byte(stat), s)
		if *busy != want[0]*tick || *steal != want[1]*tick {
			t.Errorf("CPUs %q: busy %v, stolen %v; want %v ticks", list, *busy, *steal, want)
		}
	}
}

// spin is a fixed piece of work, some 200 ms of it.
const spin = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"

// timed runs it, where its time is of interest.
func timed(t *testing.T, cores string) *result.Usage {
	t.Helper()
	c := Command(&policy.Policy{Limits: policy.Limits{CPU: time.Minute, Cores: cores}}, "python3", "-c", spin)
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	u := &c.Result().Usage
	if u.Noise == nil {
		t.Fatal("nothing was looked at")
	}
	return u
}

// beside runs a process of the host on one CPU while f does.
func beside(t *testing.T, cpu int, f func()) {
	t.Helper()
	c := exec.Command("taskset", "-c", strconv.Itoa(cpu), "sh", "-c", "while :; do :; done")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	f()
}

// A program that shares its CPU with a busy process of the host's is told so, and an
// undisturbed one is not.
func TestADisturbedRunSaysSoAndAQuietOneDoesNot(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	cpu := wouldLease(t).CPUs()[0]
	for _, list := range []string{strconv.Itoa(cpu) + "-" + strconv.Itoa(cpu), "1"} {
		beside(t, cpu, func() {
			u := timed(t, list)
			if u.Noise.KeptNS == nil {
				t.Skip("feature pressure: the kernel keeps no cpu.pressure of a group")
			}
			if !*u.Noisy || !slices.Contains(u.Noise.Causes, result.DisturbedKept) {
				t.Errorf("--cores %s: kept for %v of %v, causes %v", list, time.Duration(*u.Noise.KeptNS), u.Wall(), u.Noise.Causes)
			}
			others := u.Noise.OthersNS
			if lease := list == "1"; lease != (others != nil) || lease && !slices.Contains(u.Noise.Causes, result.DisturbedOthers) {
				t.Errorf("--cores %s: others on the leased core: %v, causes %v", list, others, u.Noise.Causes)
			}
			t.Logf("--cores %s: kept %v of %v", list, time.Duration(*u.Noise.KeptNS), u.Wall())
		})
	}
	quietOnce(t, "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done")
}

// Without a group its only thread tells for how long it waited.
func TestADisturbedRunWithoutAGroupSaysSo(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	cpu := wouldLease(t).CPUs()[0]
	run := func(script string) *result.Usage {
		p := &policy.Policy{Layers: withoutGroup(), Limits: policy.Limits{Cores: strconv.Itoa(cpu) + "-" + strconv.Itoa(cpu)}}
		c := Command(p, "sh", "-c", script)
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		return &c.Result().Usage
	}
	const busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"
	beside(t, cpu, func() {
		u := run(busy)
		if u.Noise.WaitedNS == nil || !slices.Contains(u.Noise.Causes, result.DisturbedWaited) {
			t.Errorf("it waited for %v of %v: %v", u.Noise.WaitedNS, u.Wall(), u.Noise.Causes)
		}
	})
	if u := run(busy + " & " + busy + "; wait"); u.Noise.WaitedNS != nil {
		t.Errorf("two that wait for each other: %d", *u.Noise.WaitedNS)
	}
}

// quietOnce runs a script until a run was not disturbed. Where none is, the host
// must show that it is busy: a program can't be kept from a CPU that nothing on
// the host waits for.
func quietOnce(t *testing.T, script string) {
	t.Helper()
	for range 40 {
		c := Command(&policy.Policy{Limits: policy.Limits{Cores: "1"}}, "sh", "-c", script)
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		u := &c.Result().Usage
		switch n := u.Noise; {
		case !*u.Noisy && len(n.Causes) == 0:
			return
		case n.KeptNS == nil:
			t.Skip("feature pressure: the kernel keeps no cpu.pressure of a group")
		case n.HostCPUNS != nil && slices.Contains(n.Causes, result.DisturbedKept) && *n.HostCPUNS < *n.KeptNS/2:
			t.Fatalf("it was kept for %v of %v, and things on the host waited for %v", time.Duration(*n.KeptNS), u.Wall(), time.Duration(*n.HostCPUNS))
		}
	}
	t.Log("no run of 40 was undisturbed: this host is busy")
}

// A program with more threads than CPUs waits for itself, which is no noise.
func TestAProgramThatWaitsForItselfIsNotDisturbed(t *testing.T) {
	if !alone.Cores(t) {
		return
	}
	const own = "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done"
	quietOnce(t, "("+own+") & ("+own+") & "+own+"; wait")
}

func TestNoNoiseIsLookedAtWhereNoTimeIsOfInterest(t *testing.T) {
	c := Command(nil, "true")
	if err := c.Run(); err != nil || c.Result().Usage.Noise != nil || c.Result().Usage.Noisy != nil {
		t.Errorf("%v, %+v", err, c.Result().Usage.Noise)
	}
}
