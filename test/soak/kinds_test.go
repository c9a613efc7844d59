package main

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/jailrun/jail/isolate/result"
)

func TestAWrongVerdictIsSeen(t *testing.T) {
	one := 1
	res := &result.Result{Reason: result.Exited, ExitCode: &one}
	for w, right := range map[wanted]bool{
		{result.Exited, 1}: true, {result.Exited, 2}: false, {result.Signaled, 1}: false,
	} {
		if err := w.hold(res, nil); (err == nil) != right {
			t.Errorf("%v: %v", w, err)
		}
	}
	if (wanted{result.Exited, 1}).hold(nil, errors.New("none")) == nil {
		t.Error("no result at all is taken for one")
	}
}

func TestOneSeedGivesOneRun(t *testing.T) {
	for seed := range uint64(200) {
		a, b := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 1))
		p, q := policyOf(a), policyOf(b)
		if pick(a) != pick(b) || p.Digest() != q.Digest() {
			t.Errorf("seed %d gives two runs", seed)
		}
		if err := p.Validate(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
