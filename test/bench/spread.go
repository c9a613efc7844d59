package main

import (
	"context"
	"os"
	"os/exec"
	"time"
)

// crowd is how many busy jails without a lease are beside the program: more than
// this machine has cores, or it might find one that is idle.
const crowd = 3

// spread measures how much the times of one program differ while jails without a
// lease are busy: with a lease of one core, and without. It is p95 − p5 of the
// time on the clock from exec to the end, and of the CPU time beside it.
func spread(ctx context.Context, l *lab) ([]figure, error) {
	stop, err := l.busyJails(ctx)
	defer stop()
	if err != nil {
		return nil, err
	}
	var walls, cpus duel
	for range max(l.n*3/2, 20) {
		for _, d := range []struct {
			flags     []string
			wall, cpu *[]time.Duration
		}{{[]string{"--cores", "1"}, &walls.ours, &cpus.ours}, {nil, &walls.theirs, &cpus.theirs}} {
			a, _, err := l.account(ctx, "exited", append(d.flags, "--", l.program("burn"), "30")...)
			if err != nil {
				return nil, err
			}
			*d.wall = append(*d.wall, time.Duration(a.Usage.WallNS))
			*d.cpu = append(*d.cpu, time.Duration(a.Usage.CPUNS))
		}
	}
	const versus = "without a lease"
	return []figure{
		{name: "wall of 30 ms, p95 − p5, leased", ours: ms(between(walls.ours)), theirs: ms(between(walls.theirs)), versus: versus, gate: 0.5, target: 0.1},
		{name: "CPU of 30 ms, p95 − p5, leased", ours: ms(between(cpus.ours)), theirs: ms(between(cpus.theirs)), versus: versus, gate: 2, target: 1},
	}, nil
}

func between(sample []time.Duration) time.Duration {
	return percentile(sample, 95) - percentile(sample, 5)
}

// busyJails starts jails that use all the CPU time they get, until stop.
func (l *lab) busyJails(ctx context.Context) (stop func(), err error) {
	var all []*exec.Cmd
	stop = func() {
		for _, c := range all {
			_ = c.Process.Signal(os.Interrupt) // a kill would leave their groups
			_ = c.Wait()
		}
	}
	for range crowd {
		c := exec.CommandContext(ctx, l.jail, "exec", "--quiet", "--ro", l.dir, "--", l.program("burn"), "3600000")
		if err := c.Start(); err != nil {
			return stop, err
		}
		all = append(all, c)
	}
	return stop, nil
}
