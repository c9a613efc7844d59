package main

import (
	"context"
	"runtime"
	"time"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/policy"
)

// heapMiB is what a service may well hold: forking it would copy its page
// tables.
const heapMiB = 256

// libraryRun measures a launch by a long-lived process, against bubblewrap's.
func libraryRun(ctx context.Context, l *lab) ([]figure, error) {
	if l.bwrap == "" {
		return nil, errNoBwrap
	}
	d, err := l.ask(ctx, "library", 0, nil)
	return contest("library Run", "bwrap", d, bounds{50, 0.75, 0.5}, bounds{95, 1.5, 1.0}), err
}

// libraryHeap lets a process with a large heap and one with none take turns in
// launching, against the same rival, so that both ratios are of one time.
func libraryHeap(ctx context.Context, l *lab) ([]figure, error) {
	var large, small []time.Duration
	const rounds = 4
	for range rounds {
		with, err := l.ask(ctx, "heap", heapMiB, nil)
		if err != nil {
			return nil, err
		}
		without, err := l.ask(ctx, "heap", 0, nil)
		if err != nil {
			return nil, err
		}
		large, small = append(large, with.ours...), append(small, without.ours...)
	}
	return contest("library Run, 256 MB heap", "no heap", duel{large, small}, bounds{50, 1.10, 1.02}), nil
}

func amongLibrary(ctx context.Context, o orders) (duel, error) {
	l := o.lab()
	return takeTurns(ctx, l.libraryTrue(ctx), l.bwrapTrue(0).run, l.warm, l.n)
}

func amongHeap(ctx context.Context, o orders) (duel, error) {
	held := make([]byte, o.Extra<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1 // a page that was never touched costs nothing
	}
	l := o.lab()
	run := l.libraryTrue(ctx)
	idle := func() (time.Duration, error) { return 0, nil }
	d, err := takeTurns(ctx, run, idle, l.warm, max(l.n/4, 5))
	runtime.KeepAlive(held)
	return d, err
}

// libraryTrue runs the program that does nothing, with every layer.
func (l *lab) libraryTrue(ctx context.Context) func() (time.Duration, error) {
	p := &policy.Policy{Files: []policy.File{{Kind: policy.FileRO, Source: l.dir, Target: l.dir}}}
	return func() (time.Duration, error) {
		begin := time.Now()
		err := isolate.CommandContext(ctx, p, l.program("true")).Run()
		return time.Since(begin), err // nil is exit status 0 only
	}
}
