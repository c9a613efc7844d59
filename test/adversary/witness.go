package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jailrun/jail/test/posture"
)

// A witness looks at a jail in a certain situation. What it sees with a step left
// out is compared with what it sees else: a difference is the step's effect.
type witness struct {
	name string
	see  func(ctx context.Context, s *scene, v view) (posture.Report, error)
}

// view is whom and what a witness looks at.
type view struct {
	uid   int
	step  string   // the one that is left out, "" for none
	flags []string // of each launch
}

// launch is a program in a jail in the situation that m makes.
func (v view) launch(m mutation, program ...string) launch {
	return launch{mutation: m.without(v.step), uid: v.uid, flags: v.flags, program: program}
}

// with gives a launch flags.
func (l launch) with(flags ...string) launch {
	l.flags = append(slices.Clip(l.flags), flags...)
	return l
}

// witnesses are asked in this order: first what sees most, last what takes time.
func witnesses() []witness {
	return slices.Concat([]witness{
		{"default", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
			return s.look(ctx, v, mutation{})
		}},
		{"no /proc for settings", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
			return s.look(ctx, v, mutation{at: []string{"fail init: mount a /proc for settings"}})
		}},
	}, launchWitnesses, frozenWitnesses, deathWitnesses)
}

// errHook is where a witness asks for a step that is not there: it would see
// nothing.
var errHook = errors.New("the jail of tests refuses")

// asked says whether the hook of tests did what it was asked for.
func asked(text string) error {
	if _, why, no := strings.Cut(text, "hook of tests: "); no {
		return fmt.Errorf("%w: %s", errHook, strings.TrimSpace(why))
	}
	return nil
}

// testimony is what a witness has to say of a step: the zero value for nothing.
type testimony struct {
	about  string // the witness, and what he saw change
	change string
}

func (t testimony) String() string { return t.about + ": " + t.change }

// compare gives the first difference that a witness has seen.
func (w *witness) compare(base, seen posture.Report) testimony {
	d := posture.Changed(base, seen)
	if len(d) == 0 {
		return testimony{}
	}
	key := slices.Sorted(maps.Keys(d))[0]
	return testimony{w.name + ": " + key, d[key]}
}
