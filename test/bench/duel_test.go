package main

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestPercentileIsATimeThatWasMeasured(t *testing.T) {
	var sample []time.Duration
	for i := 100; i > 0; i-- {
		sample = append(sample, time.Duration(i))
	}
	for p, want := range map[float64]time.Duration{0: 1, 50: 50, 95: 95, 99: 99, 100: 100} {
		if got := percentile(sample, p); got != want {
			t.Errorf("percentile %g = %d, want %d", p, got, want)
		}
	}
	if got := percentile(nil, 50); got != 0 {
		t.Errorf("percentile of nothing = %d", got)
	}
}

func TestCommandsTakeTurnsAndWarmUpsDoNotCount(t *testing.T) {
	var order string
	one := func(name string, took time.Duration) func() (time.Duration, error) {
		return func() (time.Duration, error) { order += name; return took, nil }
	}
	d, err := takeTurns(t.Context(), one("a", 1), one("b", 2), 1, 2)
	if err != nil || order != "ababab" || len(d.ours) != 2 || len(d.theirs) != 2 {
		t.Errorf("order %s, %d and %d samples, %v", order, len(d.ours), len(d.theirs), err)
	}
}

func TestFailingCommandIsNoFastOne(t *testing.T) {
	ok, bad := command{argv: []string{"/bin/true"}}, command{argv: []string{"/bin/false"}}
	if _, err := fight(t.Context(), ok, bad, 0, 1); err == nil {
		t.Error("a command that exits 1 was timed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fight(ctx, ok, ok, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled run gives %v", err)
	}
}

func TestVerdictFollowsTheBounds(t *testing.T) {
	for _, row := range []struct {
		f    figure
		want string
	}{
		{figure{ours: 8, theirs: 10, versus: "x", gate: 1, target: 0.85}, "target met"},
		{figure{ours: 9, theirs: 10, versus: "x", gate: 1, target: 0.85}, "within gate"},
		{figure{ours: 11, theirs: 10, versus: "x", gate: 1, target: 0.85}, "MISSES GATE"},
		{figure{ours: 5, gate: 10, target: 3}, "within gate"},
	} {
		if got := row.f.verdict(); got != row.want {
			t.Errorf("%+v is %q, want %q", row.f, got, row.want)
		}
	}
}

func TestMachineTimeGrowsWithWork(t *testing.T) {
	before, err := busy()
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(60 * time.Millisecond); time.Now().Before(end); {
	}
	if after, err := busy(); err != nil || after <= before {
		t.Errorf("busy went from %v to %v (%v)", before, after, err)
	}
}
