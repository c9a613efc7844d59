package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jailrun/jail/test/posture"
)

// Each step of a launch is left out once, and something must notice: one of the
// witnesses, or an attack that gets through. A step that nothing notices is not
// tested, or good for nothing.

// runSteps is the whole of -steps: both users' launches, side by side.
func runSteps(ctx context.Context, o options) (bool, error) {
	return apartWith(ctx, o, func(s *scene, list []*attack) (bool, error) {
		if err := posture.Build(ctx, s.posture()); err != nil {
			return false, err
		}
		var tables []*stepTable
		var wg sync.WaitGroup
		for _, uid := range s.users() {
			t := &stepTable{user: user(uid)}
			tables = append(tables, t)
			wg.Go(func() { t.err = s.leaveOutEach(ctx, t, list, uid, o.step) })
		}
		wg.Wait()
		ok := true
		for _, t := range tables {
			if t.err != nil {
				return false, t.err
			}
			if t.steps == 0 {
				return false, errNoStep
			}
			fmt.Printf("%s: %d steps, %d uncaught, %d that can change nothing on this host\n", t.user, t.steps, t.missed, t.alone)
			ok = ok && t.missed == 0
		}
		return ok, ctx.Err()
	})
}

var errNoStep = errors.New("no step matches: all are named by \"make mutate\" without STEP")

// stepTable counts what has noticed the lack of each step of a user's launch.
type stepTable struct {
	user   string
	steps  int
	missed int
	alone  int // steps that nothing can notice on this host
	err    error
}

// add prints a row, and counts it.
func (t *stepTable) add(step, by string) {
	switch by {
	case uncaught:
		t.missed++
	case changesNone:
		t.alone++
	}
	t.steps++
	fmt.Printf("%-5s %-60s %s\n", t.user, step, strings.Join(strings.Fields(by), " "))
}

const (
	uncaught    = "UNCAUGHT"
	changesNone = "nothing here could change: the host's own hard limit is 0 too, and only CAP_SYS_RESOURCE could raise it"
)

// leaveOutEach leaves out each step whose name matches.
func (s *scene) leaveOutEach(ctx context.Context, t *stepTable, list []*attack, uid int, only func(string) bool) error {
	steps, err := s.steps(ctx, uid)
	if err != nil {
		return err
	}
	bases := &baselines{scene: s, uid: uid, of: map[string]posture.Report{}}
	for _, step := range steps {
		if !only(step) {
			continue
		}
		by, err := s.noticed(ctx, bases, list, uid, step)
		if err != nil {
			return fmt.Errorf("%s: without %q: %w", t.user, step, err)
		}
		t.add(step, by)
	}
	return nil
}

// steps lists those of a launch, each once.
func (s *scene) steps(ctx context.Context, uid int) ([]string, error) {
	l := launch{uid: uid, program: []string{"/bin/true"}}
	c := s.weakCommand(ctx, l)
	c.Env = append(c.Env, "JAIL_STEPS=1")
	out, err := c.CombinedOutput()
	var steps []string
	for line := range strings.Lines(string(out)) {
		if step, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "step: "); ok && !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	}
	if err == nil && len(steps) == 0 {
		err = fmt.Errorf("no steps are listed: %s", out)
	}
	return steps, err
}

// baselines are what the witnesses see of jails that lack no step.
type baselines struct {
	scene *scene
	uid   int
	of    map[string]posture.Report
}

// looks is how often a witness is asked, when first, until he says the same twice
// running: a machine that is busy with others makes differences of its own. One
// who never does proves nothing.
const looks = 6

func (b *baselines) get(ctx context.Context, w *witness) (posture.Report, error) {
	if r, ok := b.of[w.name]; ok {
		return r, nil
	}
	var last posture.Report
	var d map[string]string
	for range looks {
		r, err := w.see(ctx, b.scene, view{uid: b.uid})
		if err != nil {
			return nil, err
		}
		if d = posture.Changed(last, r); last != nil && len(d) == 0 {
			b.of[w.name] = r
			return r, nil
		}
		last = r
	}
	return nil, fmt.Errorf("%s: launches with all their steps differ: %v", w.name, d)
}

// noticed says what has noticed that a step was left out.
func (s *scene) noticed(ctx context.Context, bases *baselines, list []*attack, uid int, step string) (string, error) {
	for _, w := range witnesses() {
		base, err := bases.get(ctx, &w)
		if err != nil {
			return "", err
		}
		by, err := s.testify(ctx, &w, base, view{uid: uid, step: step})
		if err != nil {
			return "", err
		}
		if by != (testimony{}) {
			return by.String(), nil
		}
	}
	if onlyLimit(step) {
		return changesNone, nil
	}
	return s.attacked(ctx, list, uid, step)
}

// testify has a witness look at a launch without a step, and once more at one
// with all and one without if he sees a difference: a busy machine makes some of
// its own.
func (s *scene) testify(ctx context.Context, w *witness, base posture.Report, v view) (testimony, error) {
	for range tries {
		by, err := s.tell(ctx, w, base, v)
		if by == (testimony{}) || err != nil {
			return testimony{}, err
		}
		still, err := s.tell(ctx, w, base, view{uid: v.uid})
		if err != nil {
			return testimony{}, err
		}
		again, err := s.tell(ctx, w, base, v)
		if err != nil || still == (testimony{}) && again.about == by.about {
			return by, err
		}
	}
	return testimony{}, nil
}

const tries = 3

// tell is what one look shows.
func (s *scene) tell(ctx context.Context, w *witness, base posture.Report, v view) (testimony, error) {
	seen, err := w.see(ctx, s, v)
	if err != nil {
		return testimony{}, fmt.Errorf("%s: %w", w.name, err)
	}
	return w.compare(base, seen), nil
}

// attacked says which attack gets through without a step, is held with it, and
// gets through without it once more.
func (s *scene) attacked(ctx context.Context, list []*attack, uid int, step string) (string, error) {
	without := *s
	without.hook = mutation{}.without(step).environ()
	for _, a := range list {
		if !a.isFor(uid) || a.caller != nil {
			continue
		}
		if needs, err := standsOn(ctx, a, uid, &without, s); err != nil || needs {
			return "attack: " + a.String(), err
		}
	}
	return uncaught, nil
}

// standsOn says whether what holds an attack is the step that a scene's jails are
// without.
func standsOn(ctx context.Context, a *attack, uid int, without, with *scene) (bool, error) {
	for _, s := range []*scene{without, with, without} {
		got, err := s.inside(ctx, a, uid, a.flags)
		if err != nil || got.through() != (s == without) {
			return false, err
		}
	}
	return true, nil
}
