package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jailrun/jail/isolate/result"
)

// metered is a record as a reader of the file sees it.
type metered struct {
	ID     string
	State  string
	Labels struct{ N string }
}

// meterFile gives a place for a meter file, in a folder of the user's.
func (g *ground) meterFile() string {
	g.t.Helper()
	dir, err := os.MkdirTemp(built, "meter-")
	must(g.t, err)
	must(g.t, os.Chown(dir, g.uid, g.uid))
	return filepath.Join(dir, "usage.jsonl")
}

// meteredAs are the arguments of a run with a number.
func meteredAs(path string, n int, args ...string) []string {
	return append([]string{"exec", "--quiet", "--meter", path, "--label", "n=" + strconv.Itoa(n)}, args...)
}

// moments is how often a supervisor is killed.
const moments = 200

// TestAKillAtAnyMomentLosesAndDoublesNoMeteredRun kills supervisors at moments
// between their first and their last. Of a run whose program was seen, or whose
// result was told, there is one record; of no run there are two; and what a
// report says before the next run has put all into the file, it says after.
func TestAKillAtAnyMomentLosesAndDoublesNoMeteredRun(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		g := newGround(t, uid)
		path := g.meterFile()
		seed := rand.NewPCG(11, uint64(uid))
		span := g.spanOf(path)
		seen := make([]glimpse, moments)
		for n := range seen {
			seen[n] = g.killedAfter(path, n, time.Duration(rand.New(seed).Int64N(int64(span))))
		}
		before := g.reported(path)
		must(t, g.jail(released, meteredAs(path, -1, "true")...).Run()) // puts into the file what is not there
		records := g.records(path)
		finished, unfinished := 0, 0
		for n := range seen {
			got := records[strconv.Itoa(n)]
			seen[n].hold(t, n, got)
			if fmt.Sprint(len(got)) != fmt.Sprint(before[strconv.Itoa(n)]) {
				t.Errorf("run %d: reported were %d runs, and %d are in the file", n, before[strconv.Itoa(n)], len(got))
			}
			for _, r := range got {
				if r.State == "finished" {
					finished++
				} else {
					unfinished++
				}
			}
		}
		t.Logf("of %d runs that were killed within %v %d had not begun, %d had not finished, %d had", moments, span, moments-finished-unfinished, unfinished, finished)
		if finished < moments/20 || unfinished < moments/20 {
			t.Error("too few were killed at one of the times")
		}
		if left := g.left(); left != "" {
			t.Errorf("this is left:\n%s", left)
		}
	})
}

// spanOf is a little more than what a run takes, as a rule.
func (g *ground) spanOf(path string) time.Duration {
	g.t.Helper()
	var took []time.Duration
	for range 9 {
		start := time.Now()
		must(g.t, g.jail(released, meteredAs(path, -1, "true")...).Run())
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return min(took[len(took)/2]*5/4, longest)
}

// longest bounds the time that all runs take together.
const longest = 60 * time.Millisecond

// glimpse is what was seen of a run before its supervisor was killed.
type glimpse struct {
	program bool
	told    *result.Result
}

// killedAfter starts a run, and kills its supervisor after a while.
func (g *ground) killedAfter(path string, n int, pause time.Duration) (seen glimpse) {
	g.t.Helper()
	read, write, err := os.Pipe()
	must(g.t, err)
	defer read.Close()
	c := g.jail(released, meteredAs(path, n, "--status-fd", "3", "--", "echo", "ready")...)
	var out bytes.Buffer
	c.ExtraFiles, c.Stdout = []*os.File{write}, &out
	must(g.t, c.Start())
	write.Close()
	must(g.t, g.owners.Add(c.Process.Pid))
	time.Sleep(pause) // the moment is what is tried
	_ = c.Process.Kill()
	text, err := io.ReadAll(read)
	must(g.t, err)
	_ = c.Wait() // it was killed, or has ended
	g.waitForAll()
	seen.program = out.Len() > 0
	if line, whole := bytes.CutSuffix(text, []byte("\n")); whole {
		must(g.t, json.Unmarshal(line, &seen.told))
	}
	return seen
}

// hold checks the records of one run.
func (s *glimpse) hold(t *testing.T, n int, got []metered) {
	t.Helper()
	switch {
	case len(got) > 1:
		t.Errorf("run %d: %d records", n, len(got))
	case len(got) == 0 && (s.program || s.told != nil):
		t.Errorf("run %d: no record, and its program was seen", n)
	case s.told != nil && (got[0].State != "finished" || got[0].ID != s.told.ID):
		t.Errorf("run %d: its result was told, as %s, and its record is %+v", n, s.told.ID, got[0])
	}
}

// reported counts runs by their number, as a report does.
func (g *ground) reported(path string) map[string]int {
	g.t.Helper()
	out, err := g.jail(released, "meter", "report", "--json", "--by", "label:n", path).Output()
	if err != nil {
		var say []byte
		if e, ok := err.(*exec.ExitError); ok {
			say = e.Stderr
		}
		g.t.Fatalf("jail meter report: %v: %s", err, say)
	}
	var groups []struct {
		N    string `json:"label:n"`
		Runs int
	}
	must(g.t, json.Unmarshal(out, &groups))
	runs := map[string]int{}
	for _, one := range groups {
		runs[one.N] = one.Runs
	}
	return runs
}

// records reads the file, each of whose lines must be whole.
func (g *ground) records(path string) map[string][]metered {
	g.t.Helper()
	text, err := os.ReadFile(path)
	must(g.t, err)
	all := map[string][]metered{}
	for line := range bytes.Lines(text) {
		var r metered
		if err := json.Unmarshal(line, &r); err != nil {
			g.t.Errorf("%v in %q", err, line)
		}
		all[r.Labels.N] = append(all[r.Labels.N], r)
	}
	return all
}

// TestAKillAtAnyCallDoublesNoMeteredRun kills a supervisor at each system call of
// its main thread, which also does what there is to do for the meter.
func TestAKillAtAnyCallDoublesNoMeteredRun(t *testing.T) {
	asEach(t, func(t *testing.T, uid int) {
		g := newGround(t, uid)
		path := g.meterFile()
		n := 1
		for ; ; n += each() {
			c := g.trace(meteredAs(path, n, "true"))
			if !c.untilCall(n) {
				break
			}
			c.kill()
			g.waitForAll()
		}
		before := g.reported(path)
		must(t, g.jail(released, meteredAs(path, -1, "true")...).Run())
		records := g.records(path)
		last := len(records[strconv.Itoa(n)])
		for i := 1; i < n; i += each() {
			key := strconv.Itoa(i)
			if len(records[key]) > 1 || len(records[key]) != before[key] {
				t.Errorf("killed at call %d: reported were %d runs, and %d are in the file", i, before[key], len(records[key]))
			}
		}
		t.Logf("killed at one in %d of %d calls, %d runs had begun", each(), n, len(records)-2)
		if last != 1 || len(records) < 4 {
			t.Errorf("%d records of the run that ended, and %d in all", last, len(records))
		}
		if left := g.left(); left != "" {
			t.Errorf("this is left:\n%s", left)
		}
	})
}
