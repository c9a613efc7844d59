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

// leaveOutEach leaves out each step whose name matches: those of the default launch, then
// those that only a variant has.
func (s *scene) leaveOutEach(ctx context.Context, t *stepTable, list []*attack, uid int, only func(string) bool) error {
	known := map[string]bool{}
	for _, v := range append([]variant{{}}, variants...) {
		if !v.isFor(uid) {
			continue
		}
		b := &baselines{scene: s, uid: uid, flags: s.flagsOf(&v, uid), of: map[string]posture.Report{}}
		b.ask, b.attacks = witnesses(), list
		if v.name != "" {
			b.ask, b.attacks = variantWitnesses, ofCategory(list, ofImages)
		}
		if err := b.leaveOut(ctx, t, v.name, known, only); err != nil {
			return err
		}
	}
	return nil
}

func ofCategory(list []*attack, category string) (some []*attack) {
	for _, a := range list {
		if a.category == category {
			some = append(some, a)
		}
	}
	return some
}

// leaveOut leaves out the steps of one kind of launch that are not known by another.
func (b *baselines) leaveOut(ctx context.Context, t *stepTable, variant string, known map[string]bool, only func(string) bool) error {
	b.scene.forget(ctx, b.view("")) // it may have been made by another variant
	steps, err := b.scene.steps(ctx, b.uid, b.flags)
	if err != nil {
		return err
	}
	for _, step := range steps {
		title := strings.ReplaceAll(step, b.scene.dir, "DIR")
		if variant != "" {
			title = variant + ": " + title
		}
		if known[step] || !only(title) {
			continue
		}
		by, err := b.noticed(ctx, step)
		if err != nil {
			return fmt.Errorf("%s: without %q: %w", t.user, step, err)
		}
		t.add(title, by)
	}
	for _, step := range steps {
		known[step] = true
	}
	return nil
}

// steps lists those of a launch, each once.
func (s *scene) steps(ctx context.Context, uid int, flags []string) ([]string, error) {
	l := launch{uid: uid, flags: flags, program: []string{"/bin/sh", "-c", ":"}}
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
	if err != nil {
		err = fmt.Errorf("%v: %w: %s", flags, err, lastLine(string(out)))
	}
	return steps, err
}

// baselines are what the witnesses see of jails that lack no step.
type baselines struct {
	scene   *scene
	uid     int
	flags   []string
	ask     []witness
	attacks []*attack
	of      map[string]posture.Report
}

// view is what the witnesses look at: "" leaves no step out.
func (b *baselines) view(step string) view { return view{uid: b.uid, step: step, flags: b.flags} }

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
		r, err := w.see(ctx, b.scene, b.view(""))
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
func (b *baselines) noticed(ctx context.Context, step string) (string, error) {
	for _, w := range b.ask {
		base, err := b.get(ctx, &w)
		if err != nil {
			return "", err
		}
		by, err := b.scene.testify(ctx, &w, base, b.view(step))
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
	return b.scene.attacked(ctx, b.attacks, b.uid, step)
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
		still, err := s.tell(ctx, w, base, view{uid: v.uid, flags: v.flags})
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

// noStep is what the hook of tests says of a launch that has not the step.
const noStep = "there is no step"

// standsOn says whether what holds an attack is the step that a scene's jails are
// without.
func standsOn(ctx context.Context, a *attack, uid int, without, with *scene) (bool, error) {
	for _, s := range []*scene{without, with, without} {
		got, err := s.inside(ctx, a, uid, a.flags)
		if err != nil && strings.Contains(err.Error(), noStep) {
			return false, nil // its launch is of another kind
		}
		if err != nil || got.through() != (s == without) {
			return false, err
		}
	}
	return true, nil
}
