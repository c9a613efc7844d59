package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// A batch must be long beside the kernel's tick of 10 ms.
const (
	batch  = 60
	rounds = 8
)

// settle is given to what the kernel tears down after the last process has gone
// (a net namespace goes in a work queue), which no event announces.
const settle = 60 * time.Millisecond

// machineCPU measures what a launch costs the whole machine: a launcher that
// does not wait for its init hides cost from its own rusage. Other load counts
// for both alike.
func machineCPU(ctx context.Context, l *lab) ([]figure, error) {
	if l.bwrap == "" {
		return nil, errNoBwrap
	}
	n := min(batch, l.n)
	d, err := takeTurns(ctx, batchOf(l.jailTrue(0), n), batchOf(l.bwrapTrue(0), n), 1, min(rounds, max(l.n/10, 2)))
	return contest("exec, machine CPU per run", "bwrap", d, bounds{50, 1.0, 0.7}), err
}

// batchOf gives the machine's CPU time for one run of c, over n of them.
func batchOf(c command, n int) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		before, err := busy()
		if err != nil {
			return 0, err
		}
		for range n {
			if _, err := c.run(); err != nil {
				return 0, err
			}
		}
		time.Sleep(settle)
		after, err := busy()
		return (after - before) / time.Duration(n), err
	}
}

// busy is the time that all CPUs have worked since boot, by the first line of
// /proc/stat: all but idle, iowait, steal and the guest times that user and
// nice include (proc_stat(5)).
func busy() (time.Duration, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	var user, nice, system, idle, iowait, irq, softirq int64
	if _, err := fmt.Sscanf(line, "cpu %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &iowait, &irq, &softirq); err != nil {
		return 0, fmt.Errorf("read /proc/stat: %w", err)
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every architecture of ours
	return time.Duration(user+nice+system+irq+softirq) * tick, nil
}
