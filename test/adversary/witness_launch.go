package main

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/jailrun/jail/test/posture"
)

// launchWitnesses look at how launches end: some fail, or have to do without
// something, and others have a program that needs more than most.
var launchWitnesses = []witness{
	{"program is missing", ending(mutation{}, nil, "/box/missing")},
	{"program is no program", ending(mutation{}, nil, "/etc/passwd")},
	{"program is missing, error path", ending(mutation{at: []string{"shout target: report the error"}}, nil, "/box/missing")},
	{"stage fails", ending(failing(stageFails), nil, "/bin/true")},
	{"init fails", ending(failing(initFails), nil, "/bin/true")},
	{"target fails", ending(failing(targetFails), nil, "/bin/true")},
	// A process that went on behind its end would play the next one's part.
	{"init's error path", shouts(mutation{out: []string{"init: report the error"}, at: []string{"fail " + initFails, "shout target: start a session of its own"}})},
	{"target's error path", ending(mutation{out: []string{"target: report the error"}, at: []string{"fail " + targetFails}}, nil, "/bin/true")},
	{"stage's end", shouts(mutation{at: []string{"shout stage: report the error"}})},
	{"stage vanishes", ending(mutation{at: []string{"vanish " + stageFails}}, nil, "/bin/true")},
	{"born without a pid namespace", ending(mutation{born: "pid_ns"}, nil, "/bin/true")},
	{"root can be regained", ending(mutation{at: []string{"succeed target: try to become root again"}}, nil, "/bin/true")},
	{"the working directory is unknown", ending(mutation{out: []string{"target: ask for the working directory"}}, nil, "/bin/true")},
	{"orphans", ending(mutation{}, nil, "/bin/sh", "-c", "(sleep 0.05 &) ; sleep 1; (sleep 30 &) ; exit 3")},
	{"a full disk", ending(mutation{}, []string{"--disk", "1M", "--disk-action", "kill"}, "/bin/sh", "-c", "head -c 2M /dev/zero >/tmp/x; sleep 3")},
	{"few descriptors", ending(mutation{}, []string{"--open-files", "4"}, "/bin/true")},
	{"wx-deny", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		return s.look(ctx, v, mutation{}, "--profile", "wx-deny")
	}},
	{"no overlay of /etc", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		return s.look(ctx, v, mutation{at: []string{"fail init: mount overlay of /etc"}})
	}},
	{"no overlay of /usr", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		return s.look(ctx, v, mutation{at: []string{"fail init: mount overlay of /usr"}})
	}},
	{"init keeps its groups", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		if v.uid != 0 {
			return posture.Report{}, nil // whose launch has no such step
		}
		return s.look(ctx, v, mutation{out: []string{"init: drop init's groups"}})
	}},
}

// Late steps of each process, at which a launch is made to fail.
const (
	stageFails  = "stage: open the network namespace"
	initFails   = "init: make the root read-only"
	targetFails = "target: set umask"
)

func failing(step string) mutation { return mutation{at: []string{"fail " + step}} }

// ending tells how a program ends.
func ending(m mutation, flags []string, program ...string) func(context.Context, *scene, view) (posture.Report, error) {
	return func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		t, err := s.weakRun(ctx, v.launch(m, program...).with(flags...))
		if err != nil {
			return nil, err
		}
		return t.report(), nil
	}
}

// shouts tells how often a step was taken in whose place there is a shout.
func shouts(m mutation) func(context.Context, *scene, view) (posture.Report, error) {
	return func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		t, err := s.weakRun(ctx, v.launch(m, "/bin/true"))
		if err != nil {
			return nil, err
		}
		return posture.Report{"shouts": strconv.Itoa(strings.Count(t.text, "fail"))}, nil
	}
}

func (t *told) report() posture.Report {
	seen := posture.Report{
		"status": strconv.Itoa(t.status), "slow": strconv.FormatBool(t.slow), "busy": strconv.FormatBool(t.busy),
		"text": numbers.ReplaceAllString(t.text, "N"), "reason": "none",
	}
	if t.result != nil {
		seen["reason"] = t.result.Reason
	}
	return seen
}

// numbers differ from run to run: pids, ids, inodes.
var numbers = regexp.MustCompile(`[0-9]{3,}`)
