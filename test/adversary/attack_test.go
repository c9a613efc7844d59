package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var all = regexp.MustCompile("")

func TestEveryAttackSaysWhatItIsAndHowItIsProved(t *testing.T) {
	list, err := attacks(all)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, a := range list {
		count[a.category]++
		switch a.proof[0] {
		case "plain", "own", "jail":
		default:
			t.Errorf("%s: proof %q", a, a.proof[0])
		}
		text, err := os.ReadFile(a.source)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 70 {
			t.Errorf("%s has %d lines: one way to breach a file", a, n)
		}
	}
	for _, c := range categories {
		if count[c] < 8 {
			t.Errorf("%s has %d attacks, want eight at least", c, count[c])
		}
	}
	if len(list) < 120 {
		t.Errorf("%d attacks, want 120 at least", len(list))
	}
}

func TestAnAttackThatGetsNowhereOutsideProvesNothing(t *testing.T) {
	through, held := said{status: statusBreached}, said{words: "refused"}
	for _, c := range []struct {
		outside, inside said
		want            verdict
	}{
		{held, held, provesNothing},
		{held, through, provesNothing},
		{said{status: 1}, held, provesNothing},
		{said{status: statusAbsent}, held, notHere},
		{through, through, breached},
		{through, held, wasHeld},
		{through, said{status: 137, reason: "memory"}, wasHeld},
		{through, said{status: 159, reason: "signaled"}, wasHeld},
		{through, said{status: 1, reason: "exited"}, broken},
		{through, said{status: 3, reason: "exited"}, broken},
		{through, said{status: 125, reason: "setup-failed"}, broken},
		{through, said{status: 125}, broken},
	} {
		if got, _ := judge(c.outside, c.inside); got != c.want {
			t.Errorf("outside %+v, inside %+v: %s, want %s", c.outside, c.inside, got, c.want)
		}
	}
}
