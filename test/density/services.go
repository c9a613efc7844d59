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
		c := exec.CommandContext(ctx, "bwrap", append(l.bwrapArgs(), l.program("sleeper"))...)
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

// bwrapArgs asks bubblewrap for the view that jail gives by default, as near as
// it can.
func (l *lab) bwrapArgs() []string {
	args := []string{"--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr"}
	for _, path := range []string{"/etc/alternatives", "/etc/ssl", l.dir} {
		args = append(args, "--ro-bind-try", path, path)
	}
	for _, link := range []string{"/bin", "/sbin", "/lib", "/lib64"} {
		if to, err := os.Readlink(link); err == nil {
			args = append(args, "--symlink", to, link)
		}
	}
	return append(args, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/box", "--cap-drop", "ALL", "--clearenv")
}

// rounds is how many launches a median is of.
const rounds = 60

// launches lets both take turns: the medians, in milliseconds.
func (l *lab) launches(ctx context.Context) (p50 [2]float64, err error) {
	var took [2][]float64
	for i := range rounds + 10 {
		for k, kind := range []string{"jail", "bwrap"} {
			ms, err := l.launch(ctx, kind)
			if err != nil {
				return p50, err
			}
			if i >= 10 { // to warm up
				took[k] = append(took[k], ms)
			}
		}
	}
	return [2]float64{median(took[0]), median(took[1])}, nil
}

func (l *lab) launchesOf(ctx context.Context, kind string) (float64, error) {
	var took []float64
	for i := range rounds + 10 {
		ms, err := l.launch(ctx, kind)
		if err != nil {
			return 0, err
		}
		if i >= 10 {
			took = append(took, ms)
		}
	}
	return median(took), nil
}

// launch runs the program that does nothing, by the command line of each.
func (l *lab) launch(ctx context.Context, kind string) (ms float64, err error) {
	argv := append([]string{"bwrap"}, append(l.bwrapArgs(), l.program("true"))...)
	if kind == "jail" {
		argv = []string{"bin/jail", "exec", "--quiet", "--ro", l.dir, "--", l.program("true")}
	}
	begin := time.Now()
	if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", argv[0], err, out)
	}
	return float64(time.Since(begin).Microseconds()) / 1000, nil
}
