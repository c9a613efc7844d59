package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/test/rival"
)

// perGroup is how many services share a group: a tenant's.
const perGroup = 50

// keep starts n services of a kind, says so, and ends them when nobody reads its
// standard input's other end any more.
func keep(ctx context.Context, what string, n int) error {
	kind, dir, _ := strings.Cut(what, ":")
	l := &lab{dir, n}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for i := range n {
		wait, err := l.service(ctx, kind, i)
		if err != nil {
			return fmt.Errorf("service %d: %w", i, err)
		}
		all.Go(wait)
	}
	fmt.Println("all run")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func (l *lab) service(ctx context.Context, kind string, i int) (wait func(), err error) {
	if kind == "bwrap" {
		c := exec.CommandContext(ctx, "bwrap", append(rival.Bwrap(l.dir), l.program("sleeper"))...)
		return func() { _ = c.Wait() }, c.Start()
	}
	p := l.policy()
	p.Group = fmt.Sprintf("density-%d", i/perGroup)
	c := isolate.CommandContext(ctx, p, l.program("sleeper"))
	return func() { _ = c.Wait() }, c.Start()
}

func (l *lab) policy() *policy.Policy {
	return &policy.Policy{
		Limits: policy.Limits{Memory: 64 * size.MiB, Pids: 32},
		Files:  []policy.File{{Kind: policy.FileRO, Source: l.dir, Target: l.dir}},
	}
}

// rounds is how many launches are timed each time, after those to warm up.
const (
	rounds = 60
	warm   = 10
)

// kinds are what is compared.
var kinds = []string{"jail", "bwrap"}

// times are how long launches of each kind took, in milliseconds.
type times map[string][]float64

// launches lets kinds take turns.
func (l *lab) launches(ctx context.Context, took times, of ...string) error {
	for i := range rounds + warm {
		for _, kind := range of {
			ms, err := l.launch(ctx, kind)
			if err != nil {
				return err
			}
			if i >= warm {
				took[kind] = append(took[kind], ms)
			}
		}
	}
	return nil
}

// launch runs the program that does nothing, by the command line of each.
func (l *lab) launch(ctx context.Context, kind string) (ms float64, err error) {
	argv := append([]string{"bwrap"}, append(rival.Bwrap(l.dir), l.program("true"))...)
	if kind == "jail" {
		argv = []string{"bin/jail", "exec", "--quiet", "--ro", l.dir, "--", l.program("true")}
	}
	begin := time.Now()
	if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", argv[0], err, out)
	}
	return float64(time.Since(begin).Microseconds()) / 1000, nil
}
