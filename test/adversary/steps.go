package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/jailrun/jail/test/posture"
)

// Each step of a launch is left out once, and something must notice: one of the
// witnesses, or an attack that gets through. A step that nothing notices is not
// tested, or good for nothing.

// runSteps is the whole of -steps.
func runSteps(ctx context.Context, o options) (bool, error) {
	return apartWith(ctx, o, func(s *scene, list []*attack) (bool, error) {
		if err := posture.Build(ctx, s.posture()); err != nil {
			return false, err
		}
		var wg sync.WaitGroup
		users := s.users()
		done := make([]*stepTable, len(users))
		for i, uid := range users {
			wg.Go(func() { done[i] = s.leaveOutEach(ctx, list, uid, o.step) })
		}
		wg.Wait()
		ok := true
		for _, t := range done {
			if t.err != nil {
				return false, t.err
			}
			t.print(os.Stdout)
			ok = ok && t.missed == 0
		}
		return ok, ctx.Err()
	})
}

// stepTable is what has noticed the lack of each step of a user's launch.
type stepTable struct {
	user   string
	rows   [][2]string // step, and who has noticed
	missed int
	alone  int // steps that nothing can notice on this host
	err    error
}

func (t *stepTable) print(w io.Writer) {
	b := bufio.NewWriter(w)
	defer b.Flush()
	for _, r := range t.rows {
		fmt.Fprintf(b, "%-5s %-60s %s\n", t.user, r[0], r[1])
	}
	fmt.Fprintf(b, "\n%s: %d steps, %d uncaught, %d that can change nothing on this host\n\n", t.user, len(t.rows), t.missed, t.alone)
}

const (
	uncaught    = "UNCAUGHT"
	changesNone = "nothing here could change: the host's own hard limit is 0 too, and only CAP_SYS_RESOURCE could raise it"
)

// leaveOutEach leaves out each step whose name matches.
func (s *scene) leaveOutEach(ctx context.Context, list []*attack, uid int, only func(string) bool) *stepTable {
	t := &stepTable{user: user(uid)}
	var steps []string
	if steps, t.err = s.steps(ctx, uid); t.err != nil {
		return t
	}
	bases := &baselines{scene: s, uid: uid, of: map[string]posture.Report{}}
	for _, step := range steps {
		if !only(step) {
			continue
		}
		var by string
		if by, t.err = s.noticed(ctx, bases, list, uid, step); t.err != nil {
			t.err = fmt.Errorf("%s: without %q: %w", t.user, step, t.err)
			return t
		}
		switch by {
		case uncaught:
			t.missed++
		case changesNone:
			t.alone++
		}
		t.rows = append(t.rows, [2]string{step, by})
	}
	return t
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

// get asks a witness twice when it is asked first: one that does not say the same
// proves nothing.
func (b *baselines) get(ctx context.Context, w *witness) (posture.Report, error) {
	if r, ok := b.of[w.name]; ok {
		return r, nil
	}
	first, err := w.see(ctx, b.scene, view{uid: b.uid})
	if err != nil {
		return nil, err
	}
	again, err := w.see(ctx, b.scene, view{uid: b.uid})
	if err != nil {
		return nil, err
	}
	if d := posture.Changed(first, again); len(d) > 0 {
		return nil, fmt.Errorf("%s: two launches with all their steps differ: %v", w.name, d)
	}
	b.of[w.name] = first
	return first, nil
}

// noticed says what has noticed that a step was left out.
func (s *scene) noticed(ctx context.Context, bases *baselines, list []*attack, uid int, step string) (string, error) {
	for _, w := range witnesses() {
		base, err := bases.get(ctx, &w)
		if err != nil {
			return "", err
		}
		by, err := s.testify(ctx, &w, base, view{uid: uid, step: step})
		if by != "" || err != nil {
			return by, err
		}
	}
	if onlyLimit(step) {
		return changesNone, nil
	}
	return s.attacked(ctx, list, uid, step)
}

// testify has a witness look at a launch without a step, and once more at one
// with all and one without if he sees a difference: a busy machine makes some.
func (s *scene) testify(ctx context.Context, w *witness, base posture.Report, v view) (by string, err error) {
	for _, step := range []string{v.step, "", v.step} {
		seen, err := w.see(ctx, s, view{uid: v.uid, step: step})
		if err != nil {
			return "", fmt.Errorf("%s: %w", w.name, err)
		}
		now := testimony(w, base, seen)
		if (now == "") != (step == "") {
			return "", nil
		}
		if now != "" {
			by = now
		}
	}
	return by, nil
}

// attacked says which attack gets through without a step.
func (s *scene) attacked(ctx context.Context, list []*attack, uid int, step string) (string, error) {
	without := *s
	without.step = step
	for _, a := range list {
		if !a.isFor(uid) || a.caller != nil {
			continue
		}
		got, err := without.inside(ctx, a, uid, a.flags)
		if err != nil {
			return "", err
		}
		if got.through() {
			return "attack: " + a.String(), nil
		}
	}
	return uncaught, nil
}
