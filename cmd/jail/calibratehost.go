package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/steady"
)

// counters are of the whole host, in nanoseconds. What it does not keep is 0.
type counters struct{ steal, stall int64 }

func hostCounters() (c counters) {
	const stolen, tick = 8, int64(10 * time.Millisecond) // proc_stat(5), USER_HZ
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	if f := strings.Fields(string(line)); len(f) > stolen {
		n, _ := strconv.ParseInt(f[stolen], 10, 64)
		c.steal = n * tick
	}
	b, _ = os.ReadFile("/proc/pressure/cpu")
	_, rest, _ := strings.Cut(string(b), "some ")
	_, rest, _ = strings.Cut(rest, "total=")
	total, _, _ := strings.Cut(rest, "\n")
	us, _ := strconv.ParseInt(total, 10, 64)
	c.stall = us * int64(time.Microsecond)
	return c
}

const sysCPU = "/sys/devices/system/cpu/"

// trait is something of the CPUs that makes times differ.
type trait struct {
	name string
	file string // tells, where it is there
	bad  string // a part of what it says where it does
	mend string
}

var traits = [...]trait{
	{"hyperthreads", sysCPU + "smt/active", "1", "a core's threads slow each other: a lease is of whole cores; or echo off >" + sysCPU + "smt/control"},
	{"frequency governor", sysCPU + "cpu0/cpufreq/scaling_governor", "save", "cpupower frequency-set -g performance"},
	{"turbo", sysCPU + "intel_pstate/no_turbo", "0", "clocks depend on what other cores do: echo 1 >" + sysCPU + "intel_pstate/no_turbo"},
	{"boost", sysCPU + "cpufreq/boost", "1", "clocks depend on what other cores do: echo 0 >" + sysCPU + "cpufreq/boost"},
	{"transparent huge pages", "/sys/kernel/mm/transparent_hugepage/enabled", "[always]", "whether memory comes in large pages depends on luck: echo madvise >/sys/kernel/mm/transparent_hugepage/enabled"},
}

// examineCPUs lists what the host shows of its CPUs.
func examineCPUs() []finding {
	own, err := cores.Own()
	if err != nil {
		return []finding{{"CPUs", missing, err.Error(), ""}}
	}
	list := []finding{{"CPUs", fine, own.String() + ", " + strconv.Itoa(cores.Whole(own)) + " whole physical cores", ""}}
	for _, t := range traits {
		list = append(list, t.examine())
	}
	return append(list, swapFinding())
}

func (t *trait) examine() finding {
	b, err := os.ReadFile(t.file) // #nosec G304 -- a file of the table
	v := strings.TrimSpace(string(b))
	switch {
	case err != nil:
		return finding{t.name, fine, "not shown here", ""}
	case strings.Contains(v, t.bad):
		return finding{t.name, note, v, t.mend}
	}
	return finding{t.name, fine, v, ""}
}

// swapFinding says whether memory may be waited for.
func swapFinding() finding {
	b, _ := os.ReadFile("/proc/swaps")
	if n := bytes.Count(b, []byte{'\n'}) - 1; n > 0 {
		return finding{"swap", note, strconv.Itoa(n) + " in use", "what others swap makes a jail wait for the disk, though its own memory is not swapped: swapoff -a"}
	}
	return finding{"swap", fine, "none", ""}
}

func leaseFinding(l *steady.Loops) finding {
	if l.NoLease != nil {
		return finding{"--cores N", note, l.NoLease.Error(), "other jails hold all cores, or this process may use no whole one"}
	}
	return finding{"--cores N", fine, "leased for the trial: CPU " + l.CPUs.String(), ""}
}

// pressureFinding says whether a result's noisy is known.
func pressureFinding() finding {
	if b, err := os.ReadFile("/proc/pressure/cpu"); err != nil || !bytes.Contains(b, []byte("full ")) {
		return finding{"usage.noisy", note, "the kernel keeps no pressure", "boot with psi=1 a kernel with CONFIG_PSI (5.13)"}
	}
	h, err := cgroup.Detect()
	if err != nil {
		return finding{"usage.noisy", note, err.Error(), ""}
	}
	defer h.Close()
	if h.Why() != nil {
		return finding{"usage.noisy", note, "a jail has no group here: it is known only on a leased core", `run "jail doctor", which says how to get one`}
	}
	if h.Mode != cgroup.ModeV2 && h.Mode != cgroup.ModeHybrid {
		return finding{"usage.noisy", note, "no group of the v2 tree: it is known only on a leased core", "mount the v2 tree too, as root: mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified"}
	}
	return finding{"usage.noisy", fine, "known from the pressure of a jail's own group", ""}
}

// ofCores lists what control groups give.
func ofCores() []finding {
	facts, err := host.Probe()
	if err != nil {
		return nil
	}
	return cgroups(facts)
}
