package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// account is what these rows read of a result.
type account struct {
	Reason string `json:"reason"`
	Usage  struct {
		WallNS int64 `json:"wall_ns"`
		CPUNS  int64 `json:"cpu_ns"`
	} `json:"usage"`
}

// limits measures how far a program gets beyond its limit, and how true the
// reported time is. One core is needed, and a second for the supervisor.
func limits(ctx context.Context, l *lab) ([]figure, error) {
	times := max(l.n/20, 2)
	cpu, err := l.median(ctx, times, l.cpuOverrun)
	if err != nil {
		return nil, err
	}
	wall, err := l.median(ctx, times, l.wallOverrun)
	if err != nil {
		return nil, err
	}
	report, err := l.median(ctx, times, l.reportError)
	return []figure{
		{name: "CPU limit 1 s, overrun ms", ours: ms(cpu), gate: 25, target: 10},
		{name: "wall limit 1 s, overrun ms", ours: ms(wall), gate: 10, target: 3},
		{name: "CPU report of 300 ms, error ms", ours: ms(report), gate: 4, target: 1},
	}, err
}

func (l *lab) median(ctx context.Context, n int, one func(context.Context) (time.Duration, error)) (time.Duration, error) {
	var sample []time.Duration
	for range n {
		d, err := one(ctx)
		if err != nil {
			return 0, err
		}
		sample = append(sample, d)
	}
	return percentile(sample, 50), nil
}

func (l *lab) cpuOverrun(ctx context.Context) (time.Duration, error) {
	a, _, err := l.account(ctx, "cpu-limit", "--cpu", "1s", "--", l.program("burn"), "20000")
	return time.Duration(a.Usage.CPUNS) - time.Second, err
}

// wallOverrun counts from outside, launch and all: it is what a caller waits.
func (l *lab) wallOverrun(ctx context.Context) (time.Duration, error) {
	_, took, err := l.account(ctx, "wall-limit", "--wall", "1s", "--", l.program("brood"), "1")
	return took - time.Second, err
}

func (l *lab) reportError(ctx context.Context) (time.Duration, error) {
	const burnt = 300 * time.Millisecond
	a, _, err := l.account(ctx, "exited", "--", l.program("burn"), "300")
	return (time.Duration(a.Usage.CPUNS) - burnt).Abs(), err
}

// account runs jail exec and reads its result, which must have the reason.
func (l *lab) account(ctx context.Context, reason string, args ...string) (account, time.Duration, error) {
	file := filepath.Join(l.dir, "result.json")
	defer os.Remove(file)
	cmd := exec.CommandContext(ctx, l.jail, append([]string{"exec", "--quiet", "--json", file, "--ro", l.dir}, args...)...)
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return account{}, 0, err
	}
	var a account
	data, err := os.ReadFile(file)
	if err != nil {
		return a, 0, err
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, 0, fmt.Errorf("read %s: %w", file, err)
	}
	if a.Reason != reason {
		return a, 0, fmt.Errorf("jail exec %s: reason %s, want %s", args, a.Reason, reason)
	}
	return a, took, nil
}
