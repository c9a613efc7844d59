package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jailrun/jail/test/posture"
)

// Each step of a launch is left out once, and something must notice: the launch
// itself, what the result says is enforced, what a program sees of itself, or an
// attack that gets through. A step that nothing notices is not tested.

// stepReport is how a run without a step went.
type stepReport struct {
	failed   string // why there was none
	enforced map[string]string
	seen     posture.Report
}

// runSteps is the whole of -steps.
func runSteps(ctx context.Context, o options) (bool, error) {
	return apartWith(ctx, o, func(s *scene, list []*attack) (bool, error) {
		if err := posture.Build(ctx, filepath.Join(s.dir, "posture")); err != nil {
			return false, err
		}
		ok := true
		for _, uid := range s.users() {
			done, err := s.leaveOutEach(ctx, os.Stdout, list, uid)
			if err != nil {
				return false, err
			}
			ok = ok && done
		}
		return ok, nil
	})
}

// leaveOutEach prints what has noticed the lack of each step, and reports whether
// something has of all.
func (s *scene) leaveOutEach(ctx context.Context, w io.Writer, list []*attack, uid int) (bool, error) {
	steps, err := s.steps(ctx, uid)
	if err != nil {
		return false, err
	}
	base, err := s.look(ctx, uid, "")
	if err != nil {
		return false, err
	}
	again, err := s.look(ctx, uid, "")
	if err != nil {
		return false, err
	}
	if base.failed != "" {
		return false, fmt.Errorf("a launch with all its steps: %s", base.failed)
	}
	if d := posture.Changed(base.seen, again.seen); len(d) > 0 {
		return false, fmt.Errorf("two launches with all their steps differ: %v", d)
	}
	missed := 0
	for _, step := range steps {
		by, err := s.noticed(ctx, base, list, uid, step)
		if err != nil {
			return false, err
		}
		if by == "" {
			missed++
			by = "NOTHING"
		}
		fmt.Fprintf(w, "%-6s %-70s %s\n", user(uid), step, by)
	}
	fmt.Fprintf(w, "\n%s: %d steps, %d unnoticed\n\n", user(uid), len(steps), missed)
	return missed == 0, ctx.Err()
}

// steps lists those of a launch, each once.
func (s *scene) steps(ctx context.Context, uid int) ([]string, error) {
	text, _, err := s.weakRun(ctx, uid, "JAIL_STEPS=1", filepath.Join(s.dir, "posture"))
	var steps []string
	for line := range strings.Lines(text) {
		if step, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "step: "); ok && !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	}
	if err == nil && len(steps) == 0 {
		err = fmt.Errorf("no steps are listed: %s", text)
	}
	return steps, err
}

// noticed says what has noticed that a step was left out, "" if nothing.
func (s *scene) noticed(ctx context.Context, base *stepReport, list []*attack, uid int, step string) (string, error) {
	r, err := s.look(ctx, uid, step)
	if err != nil {
		return "", err
	}
	if r.failed != "" {
		return "launch: " + r.failed, nil
	}
	for key, state := range base.enforced {
		if r.enforced[key] != state {
			return "enforced: " + key + " is " + r.enforced[key], nil
		}
	}
	if d := posture.Changed(base.seen, r.seen); len(d) > 0 {
		keys := slices.Sorted(maps.Keys(d))
		return "posture: " + keys[0] + " " + d[keys[0]], nil
	}
	s.step = step
	defer func() { s.step = "" }()
	for _, a := range list {
		if !a.isFor(uid) || a.caller != nil {
			continue
		}
		got, err := s.inside(ctx, a, uid, a.flags)
		if err != nil {
			return "", err
		}
		if got.through() {
			return "attack: " + a.String(), nil
		}
		if got.status != 0 && got.reason != "" && got.reason != "exited" && a.harmless() && got.reason != "syscall" {
			return "attack: " + a.String() + " ended as " + got.reason, nil
		}
	}
	return "", nil
}

// look has a program report on itself in a jail without a step.
func (s *scene) look(ctx context.Context, uid int, step string) (*stepReport, error) {
	text, r, err := s.weakRun(ctx, uid, withoutStep(step), filepath.Join(s.dir, "posture"))
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return &stepReport{failed: "no result: " + lastLine(text)}, nil
	case r.Reason != "exited" && r.Error != nil:
		return &stepReport{failed: r.Error.Text}, nil
	case r.Reason != "exited":
		return &stepReport{failed: r.Reason}, nil
	}
	got := &stepReport{enforced: map[string]string{}}
	for key, w := range r.Enforced {
		got.enforced[key] = w.State
	}
	seen, err := posture.Parse(text)
	if err != nil {
		return nil, err
	}
	outside, err := s.outsideReport(ctx, uid)
	if err != nil {
		return nil, err
	}
	got.seen = posture.Abstract(seen, outside)
	if err := s.lookOutside(ctx, uid, step, got.seen); err != nil {
		return nil, err
	}
	return got, s.lookWithin(ctx, uid, step, got.seen)
}

// withoutStep is what has a jail leave a step out, "" for none.
func withoutStep(step string) string { return "JAIL_WITHOUT_STEP=" + step }

// outsideReport is what a process of the same user sees of itself without a jail.
func (s *scene) outsideReport(ctx context.Context, uid int) (posture.Report, error) {
	c := dirty(ctx, uid, filepath.Join(s.dir, "posture"))
	c.Env = []string{"PATH=/usr/bin:/bin"}
	c.Dir = "/"
	out, err := c.Output()
	if err != nil {
		return nil, err
	}
	return posture.Parse(string(out))
}

// noResult is where none is wanted.
const noResult = ""

// weakCommand is a careless caller's command line of a jail as built with the
// hook.
func (s *scene) weakCommand(ctx context.Context, uid int, env, result string, program ...string) *exec.Cmd {
	argv := []string{s.weak(), "exec", "--quiet", "--wall", "10s", "--ro", s.dir}
	if result != noResult {
		argv = append(argv, "--json", result)
	}
	c := dirty(ctx, uid, append(append(argv, "--"), program...)...)
	c.Env = []string{"PATH=/usr/bin:/bin", env}
	c.Dir = "/"
	c.ExtraFiles = []*os.File{s.leak}
	c.WaitDelay = time.Second
	return c
}

// weakRun runs a program in a jail as built with the hook, and gives its output
// and the result, nil if it has left none.
func (s *scene) weakRun(ctx context.Context, uid int, env, program string) (text string, r *result, err error) {
	file, err := s.resultFile(uid)
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := s.weakCommand(ctx, uid, env, file, program)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err = c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return "", nil, err
	}
	r, err = readResult(file)
	var malformed *json.SyntaxError
	if errors.As(err, &malformed) {
		err = nil // a jail that lacks a step may end before it
	}
	return out.String(), r, err
}
