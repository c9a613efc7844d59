package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"
)

// command is one launch, ready to be repeated with nothing left to decide.
type command struct {
	argv []string
	uid  int      // also the gid; 0 stays as the benchmark is
	env  []string // besides PATH
}

// duel holds the walls of two commands that took turns.
type duel struct{ ours, theirs []time.Duration }

// fight lets two commands take turns: warm rounds that don't count, then n.
// An exit status but 0 ends it, for a command that fails is fast.
func fight(ctx context.Context, ours, theirs command, warm, n int) (duel, error) {
	return takeTurns(ctx, ours.run, theirs.run, warm, n)
}

// takeTurns is fight for anything that can be timed.
func takeTurns(ctx context.Context, ours, theirs func() (time.Duration, error), warm, n int) (duel, error) {
	d := duel{ours: make([]time.Duration, 0, n), theirs: make([]time.Duration, 0, n)}
	for i := range warm + n {
		if err := ctx.Err(); err != nil {
			return d, err
		}
		a, err := ours()
		if err != nil {
			return d, err
		}
		b, err := theirs()
		if err != nil {
			return d, err
		}
		if i >= warm {
			d.ours, d.theirs = append(d.ours, a), append(d.theirs, b)
		}
	}
	return d, nil
}

// run starts the command and waits for it; the time is from before the start to
// after the wait, on the monotonic clock.
func (c command) run() (time.Duration, error) {
	attr := c.attr()
	begin := time.Now()
	p, err := os.StartProcess(c.argv[0], c.argv, attr)
	if err != nil {
		return 0, err
	}
	state, err := p.Wait()
	took := time.Since(begin)
	if err != nil {
		return 0, err
	}
	if !state.Success() {
		return 0, fmt.Errorf("%s … %s: %v; run it by hand to see why", c.argv[0], c.argv[len(c.argv)-1], state)
	}
	return took, nil
}

// null is where the streams of every measured command go.
var null = func() *os.File {
	f, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil // StartProcess then gives closed streams
	}
	return f
}()

func (c command) attr() *os.ProcAttr {
	a := &os.ProcAttr{Files: []*os.File{null, null, null}, Env: append([]string{"PATH=/usr/bin:/usr/sbin"}, c.env...), Dir: "/"}
	if c.uid != 0 {
		a.Sys = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(c.uid), Gid: uint32(c.uid), Groups: []uint32{}}}
	}
	return a
}

// percentile is by nearest rank: a time that was measured, none in between.
func percentile(sample []time.Duration, p float64) time.Duration {
	if len(sample) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(sample))
	rank := int(p/100*float64(len(s)) + 0.5)
	return s[min(max(rank, 1), len(s))-1]
}
