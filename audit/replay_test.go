package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// replayed is what a Replay gave.
type replayed struct {
	seqs []uint64
	bad  []string
	mark Mark
}

func (r *replayed) take(s Step) error {
	if s.Entry != nil {
		r.seqs = append(r.seqs, s.Entry.Seq)
	}
	if s.Bad != nil {
		r.bad = append(r.bad, s.Bad.Error())
	}
	r.mark = s.Mark
	return nil
}

func replayOf(t *testing.T, path string, o ReplayOptions) *replayed {
	t.Helper()
	r := &replayed{}
	must(t, Replay(background, path, o, r.take))
	return r
}

func upTo(from, to uint64) (all []uint64) {
	for ; from <= to; from++ {
		all = append(all, from)
	}
	return all
}

// A log is replayed over its older files, each line once, and goes on anywhere.
func TestReplayGoesOnBehindAnyLine(t *testing.T) {
	path := file(t)
	write(t, path, 2000, Options{MaxSize: leastSize})
	last := verify(t, path, VerifyOptions{Rotated: true}).Last
	var marks []Mark
	must(t, Replay(background, path, ReplayOptions{}, func(s Step) error {
		must(t, s.Bad)
		marks = append(marks, s.Mark)
		return nil
	}))
	if uint64(len(marks)) != last {
		t.Fatalf("%d lines of %d", len(marks), last)
	}
	for i := 0; i < len(marks); i += 97 {
		r := replayOf(t, path, ReplayOptions{After: marks[i]})
		if r.bad != nil || !slices.Equal(r.seqs, upTo(marks[i].Seq+1, last)) {
			t.Fatalf("behind %d come %d lines, %v", marks[i].Seq, len(r.seqs), r.bad)
		}
	}
}

// Older files that are gone are no fault of a log that is read from its beginning,
// and one of a log that is gone on with.
func TestReplayNamesWhatRotationRemoved(t *testing.T) {
	path := file(t)
	write(t, path, 10, Options{})
	from := replayOf(t, path, ReplayOptions{}).mark
	write(t, path, 3000, Options{MaxSize: leastSize, Keep: 1})
	if r := replayOf(t, path, ReplayOptions{}); r.bad != nil || r.seqs[0] < 11 {
		t.Errorf("it begins with %d: %v", r.seqs[0], r.bad)
	}
	if r := replayOf(t, path, ReplayOptions{After: from}); len(r.bad) != 1 || !strings.Contains(r.bad[0], "seq 10, behind which to go on, is not in it") || r.seqs[0] < 11 {
		t.Errorf("it goes on with %d: %v", r.seqs[0], r.bad)
	}
}

func TestReplayNamesWhatDoesNotFollowOn(t *testing.T) {
	path := file(t)
	write(t, path, 20, Options{})
	lines := linesOf(t, path)
	swap := func(all []string, i, j int) []string { all[i], all[j] = all[j], all[i]; return all }
	for name, c := range map[string]struct {
		lines []string
		want  []string
	}{
		"intact":      {lines, nil},
		"edited":      {slices.Replace(slices.Clone(lines), 9, 10, strings.Replace(lines[9], `"pid":`, `"pid":1`, 1)), []string{":11: does not follow on the line before (the hash of the line before"}},
		"unreadable":  {slices.Replace(slices.Clone(lines), 9, 10, "{}"), []string{":10: is not a line"}},
		"missing":     {slices.Delete(slices.Clone(lines), 9, 12), []string{":10: does not follow on the line before (missing: seq 10 to 12)"}},
		"first gone":  {lines[1:], []string{":1: does not follow on the line before (missing: seq 1)"}},
		"twice":       {slices.Insert(slices.Clone(lines), 10, lines[9]), []string{":11: does not follow on the line before (seq 10 comes after seq 10"}},
		"inserted":    {slices.Insert(slices.Clone(lines), 10, "x"), []string{":11: is not a line"}},
		"swapped":     {swap(slices.Clone(lines), 9, 10), []string{":10: does not follow on the line before (missing: seq 10)", ":11: does not follow on the line before (seq 10 comes after seq 11"}},
		"cut":         {lines[:18], []string{"was cut off (its head counts 20 lines, and it ends with seq 18)"}},
		"last edited": {slices.Replace(slices.Clone(lines), 19, 20, "x"), []string{":20: is not a line"}},
	} {
		must(t, os.WriteFile(path, []byte(strings.Join(c.lines, "\n")+"\n"), 0o600))
		r := replayOf(t, path, ReplayOptions{})
		ok := len(r.bad) == len(c.want)
		for i := range min(len(c.want), len(r.bad)) {
			ok = ok && strings.Contains(r.bad[i], c.want[i])
		}
		if !ok {
			t.Errorf("%s: %q", name, r.bad)
		}
	}
	must(t, os.WriteFile(path, []byte("my\nnotes\n"), 0o600))
	if err := Replay(background, path, ReplayOptions{}, nil); !errors.Is(err, ErrNotLog) {
		t.Errorf("%v", err)
	}
}

func TestValuesHaveTheirKinds(t *testing.T) {
	zero := 0
	r, err := NewRedactor([]string{"s3cret"})
	must(t, err)
	for want, e := range map[string]Event{
		"[{type false denial} {pid false 7} {jail false j} {layer true seccomp} {syscall true mount} {args true [0x1 0xff]} {count true 2} {rule true [redacted]\\u000a} {first_ns true 0} {last_ns true 0}]": {Jail: "j", PID: 7, Detail: &Denial{Layer: "seccomp", Syscall: "mount", Args: []uint64{1, 255}, Count: 2, Rule: "s3cret\n"}},
		"[{type false verdict} {reason true exited} {exit_code true 0}]": {Detail: &Verdict{Reason: "exited", ExitCode: &zero}},
		"[{type false launch} {argv true [a b c]} {uid true 0}]":         {Detail: &Launch{Argv: []string{"a", "b c"}}},
	} {
		if got := fmt.Sprint(e.Values(r)); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// Each line comes once while a writer appends and rotates, whenever it stops and
// goes on.
func TestReplayWaitsAndGoesOn(t *testing.T) {
	path := file(t)
	write(t, path, 1, Options{})
	written := make(chan struct{})
	var writing sync.WaitGroup
	defer writing.Wait() // before the log's folder goes
	writing.Go(func() {
		for range 40 {
			write(t, path, 50, Options{MaxSize: leastSize})
			time.Sleep(5 * time.Millisecond)
		}
		close(written)
		write(t, path, 1, Options{}) // whoever waits already looks once more
	})
	var at Mark
	for runs, done := 0, false; !done; runs++ {
		ctx, stop := context.WithTimeout(background, 30*time.Second)
		n := 0
		must(t, Replay(ctx, path, ReplayOptions{After: at, Wait: true, Idle: func() error {
			select {
			case <-written:
				if done = verify(t, path, VerifyOptions{Rotated: true}).Last == at.Seq; done {
					stop()
				}
			default:
			}
			return nil
		}}, func(s Step) error {
			if s.Bad != nil || s.Mark.Seq != at.Seq+1 {
				t.Fatalf("behind %d: %v %v", at.Seq, s.Mark.Seq, s.Bad)
			}
			if at, n = s.Mark, n+1; n == 200 {
				stop()
			}
			return nil
		}))
		if ctx.Err() == context.DeadlineExceeded {
			t.Fatalf("after %d runs it stands at %d", runs, at.Seq)
		}
	}
}
