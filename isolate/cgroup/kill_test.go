package cgroup

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRemoveWaitsForTheDying(t *testing.T) {
	g := testGroup(t, small())
	start(t, g, "sleep")
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(); err != nil {
		t.Fatal(err)
	}
}

func TestWaitEmptyEndsWithItsContext(t *testing.T) {
	g := testGroup(t, small())
	start(t, g, "sleep")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := g.WaitEmpty(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestKillEndsATreeOfTwentySessions(t *testing.T) {
	for name, weaken := range map[string]func(*Group){
		"as the host can": func(*Group) {},
		"without cgroup.kill": func(g *Group) {
			if g.kill >= 0 {
				unix.Close(g.kill)
				g.kill = -1
			}
		},
	} {
		t.Run(name, func(t *testing.T) { killTree(t, weaken) })
	}
}

func killTree(t *testing.T, weaken func(*Group)) {
	g := testGroup(t, Spec{Memory: 256 << 20, Pids: 200})
	weaken(g)
	p := start(t, g, "tree")
	p.release(t)
	if s := p.line(t); s != "grown" {
		t.Fatal(s)
	}
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := g.WaitEmpty(ctx); err != nil {
		t.Fatal(err)
	}
	fds, err := g.members()
	if err != nil || len(fds) != 0 {
		t.Errorf("%d are left, %v", len(fds), err)
	}
	if err := g.Remove(); err != nil {
		t.Error(err)
	}
}

// v1Only is the host without its v2 tree.
func v1Only(t *testing.T) *Host {
	t.Helper()
	if h := testHost(t); h.Mode == ModeV2 {
		t.Skip("needs cgroup v1 with memory and pids: this host has them on v2")
	}
	h, err := Detect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	h.unified = nil
	h.seq.Store(1 << 32) // not the names of the other host
	h.Mode, h.why = h.judge()
	return h
}

func TestKillWithoutV2TreeEndsAllTargets(t *testing.T) {
	h := v1Only(t)
	if h.Mode != ModeV1 {
		t.Fatal(h.Mode)
	}
	g, err := h.Create(h.NewName(), Spec{Memory: 256 << 20, Pids: 200})
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, g, "tree")
	p.release(t)
	p.line(t)
	if err := g.Kill(); err != nil {
		t.Error(err)
	}
	if err := g.WaitEmpty(t.Context()); err != nil {
		t.Error(err)
	}
	if err := g.Remove(); err != nil {
		t.Error(err)
	}
	assertGone(t, h, g.Name())
}
