package main

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/jailrun/jail/isolate"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/learn"
	"github.com/jailrun/jail/policy"
)

// works says whether the program ends under a policy as it did before.
func (l *lesson) works(p *policy.Policy) (bool, error) {
	o, err := l.run(p, isolate.WatchNone, false)
	var unfit *isolate.ExecError
	var lack *isolate.LaunchError
	if errors.As(err, &unfit) || errors.As(err, &lack) {
		return false, nil
	}
	return err == nil && o.Like(l.good, l.steady), errors.Join(err, l.ctx.Err())
}

// mostCalls bounds what is kept of one run.
const mostCalls = 200_000

// run runs the program once.
func (l *lesson) run(p *policy.Policy, w isolate.Watch, aloud bool) (o learn.Outcome, err error) {
	seen, err := show(l.r.argv, p, l.r.moves)
	if err != nil {
		return o, err
	}
	cmd := isolate.CommandContext(l.ctx, p, seen.argv...)
	cmd.Files, cmd.Watch = seen.open, w
	cmd.Redact = l.redactor
	var calls []isolate.Seen // what they name is looked at when the run is over: nothing may hold it up
	if w != isolate.WatchNone {
		cmd.OnSeen = func(s isolate.Seen) {
			if len(calls) < mostCalls {
				calls = append(calls, s)
			}
		}
	}
	cmd.Stdin = strings.NewReader(string(l.input))
	var out, errs io.Writer
	if aloud {
		out, errs = os.Stdout, os.Stderr
	}
	said, complained := learn.NewTee(out), learn.NewTee(errs)
	cmd.Stdout, cmd.Stderr = said, complained
	err = cmd.Run()
	for _, s := range calls {
		l.rec.Saw(s)
	}
	if len(calls) == mostCalls {
		l.say("learn: it made more calls than are looked at; what it used after that is not learnt")
	}
	res := cmd.Result()
	var ended *isolate.ExitError
	switch {
	case l.ctx.Err() != nil:
		return o, l.ctx.Err()
	case res == nil || err != nil && !errors.As(err, &ended):
		return o, err
	}
	if w != isolate.WatchNone {
		l.results = append(l.results, res)
	}
	err = nil
	if aloud {
		err = l.tell(res)
	}
	if err == nil && res.WatchError != nil {
		err = &failure{op: "learn", object: *res.WatchError, err: errNotWatched, hint: "run jail as root, or on a kernel whose processes their own user may look into (kernel.yama.ptrace_scope)"}
	}
	return learn.OutcomeOf(res, said, complained), err
}

// tell writes the result of the run that is the caller's own, if that is asked for.
func (l *lesson) tell(res *result.Result) error {
	if l.r.json == "" {
		return nil
	}
	s, err := openResult(l.r)
	if err != nil {
		return err
	}
	return s.emit(res.AppendLine(nil))
}
