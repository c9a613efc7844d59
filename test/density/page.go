package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// row is what one service of a kind costs.
type row struct {
	name      string
	n         int
	processes float64
	kernel    float64 // KiB
	pss       float64 // KiB
	alone     float64 // ms of a launch without them, in the median; 0: not measured
	beside    float64 // ms of one with all of them alive
	start     time.Duration
}

func (r *row) sum() float64 { return r.kernel + r.pss }

const preface = `# How many services fit

<!-- Written by make density. -->

What one idle service costs, beyond what its program itself needs: a static program that sleeps. The jails are in groups of 50 with limits, under one supervisor, whose share is counted; bubblewrap is asked for the same view, and has no cgroup, filter or Landlock. "Kernel" is slab, stacks, page tables and what is kept for each CPU; "PSS" is the proportional set size of all processes. A launch is by the command line, in milliseconds: the median with none alive, and with all of a kind; fleets and launches without them take turns in one run.

`

func document(rows []row) string {
	var b strings.Builder
	b.WriteString(preface)
	fmt.Fprintf(&b, "Linux %s, %d CPUs.\n\n", release(), runtime.NumCPU())
	b.WriteString("| | services | processes each | kernel KiB | PSS KiB | sum KiB | × bubblewrap | launch | with all alive | growth |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	base := 0.0
	for _, r := range rows {
		if r.name == "bwrap" {
			base = r.sum()
		}
	}
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d | %.1f | %.0f | %.0f | %.0f | %.2f | %s |\n", r.name, r.n, r.processes, r.kernel, r.pss, r.sum(), r.sum()/base, r.launch())
	}
	fmt.Fprintf(&b, "\nA virtual machine here has %d MiB and is emulated, for want of hardware virtualization; its boot would be quicker with it, its memory the same.\n", guestMemory)
	return b.String()
}

// launch is the last columns.
func (r *row) launch() string {
	if r.alone == 0 {
		return fmt.Sprintf("%.1f s to boot | – | –", r.start.Seconds())
	}
	return fmt.Sprintf("%.2f | %.2f | × %.2f", r.alone, r.beside, r.beside/r.alone)
}

func release() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}
