package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jailrun/jail/test/proctree"
)

// kernelMemory is what the kernel itself holds, in KiB: slab, stacks, page tables
// and what it keeps for each CPU (proc_meminfo(5)).
func kernelMemory() int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	sum := int64(0)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) > 1 && slices.Contains([]string{"Slab:", "KernelStack:", "PageTables:", "SecPageTables:", "Percpu:"}, f[0]) {
			n, _ := strconv.ParseInt(f[1], 10, 64) // the kernel writes numbers
			sum += n
		}
	}
	return sum
}

// settle waits, half a minute at most, until the kernel has done what it has put
// off: it frees and counts for seconds after a process or a namespace has ended.
func settle() {
	const step, enough, quiet = 2 * time.Second, 256, 3 // KiB, and steps in a row
	before, calm := kernelMemory(), 0
	for end := time.Now().Add(30 * time.Second); calm < quiet && time.Now().Before(end); {
		time.Sleep(step)
		now := kernelMemory()
		calm++
		if d := now - before; d > enough || d < -enough {
			calm = 0
		}
		before = now
	}
}

func perOne(kib int64, n int) float64 { return float64(kib) / float64(n) }

// footprint is the proportional set size of a process and of all below it, in
// KiB, and their number.
func footprint(pid int) (kib, processes float64) {
	for _, p := range append(proctree.Below(pid), pid) {
		processes++
		kib += pss(p)
	}
	return kib, processes
}

func pss(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0 // it has ended
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); f[0] == "Pss:" {
			n, _ := strconv.ParseFloat(f[1], 64)
			return n
		}
	}
	return 0
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}
