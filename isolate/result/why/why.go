// Package why explains a result to a person: what happened, by what evidence,
// the likely cause, and what to change.
//
// All its words are rows of tables. docs/why.md is printed from the same rows, so
// what is documented is what "jail why" says. It is pure: what it says follows
// from the result alone, which may come from a file that a program could write
// to, so every text of the result's is escaped and bounded.
package why

import (
	"strings"

	"github.com/jailrun/jail/isolate/result"
)

// Schema is the value of every explanation's "schema". A field may be added under
// the same schema.
const Schema = "jail.why/v1"

// Explanation says why a run ended. Its JSON form has every key always; lists
// may be empty.
type Explanation struct {
	Schema   string        `json:"schema"`    // always "jail.why/v1"
	ID       string        `json:"id"`        // of the run
	Reason   result.Reason `json:"reason"`    // of the result
	Status   int           `json:"status"`    // exit status of jail exec
	What     string        `json:"what"`      // what happened, in one sentence
	Meaning  string        `json:"meaning"`   // what the reason means
	Evidence []Fact        `json:"evidence"`  // what decided it, and what bears on it
	Causes   []string      `json:"causes"`    // what probably led to it
	Changes  []Change      `json:"changes"`   // what to do about it
	Threads  []string      `json:"threads"`   // what each thread did just before the end, where jail has looked
	Denials  []Denial      `json:"denials"`   // calls that were refused
	Walls    []Wall        `json:"walls"`     // that did not stand, or not in full
	Noise    []Remark      `json:"noise"`     // how the host disturbed the times
	Output   []string      `json:"output"`    // what is missing of the program's streams and files
	Notes    []string      `json:"notes"`     // what is odd about the result itself
	More     int           `json:"more"`      // denials that are not listed here
	MoreLost bool          `json:"more_lost"` // there were more denials than the result could hold
}

// Fact is one figure, in words.
type Fact struct {
	Name string   `json:"name"` // "memory peak"
	Keys []string `json:"keys"` // of the result that it comes from
	Text string   `json:"text"` // "256 MiB of a limit of 256 MiB"
}

// Change is one thing to do.
type Change struct {
	Flag string `json:"flag"` // as it is to be written, "--memory 512M"; "" if no flag does it
	Text string `json:"text"` // what that does, or what else to do
}

// Denial is a kind of call that was refused.
type Denial struct {
	Call   string `json:"call"`
	Object string `json:"object"` // what it was about; "" if that is not known
	Errno  string `json:"errno"`  // what the program got; "" if it got no answer
	Count  int64  `json:"count"`
	Rule   string `json:"rule"` // that refused it
	Fix    string `json:"fix"`  // what would do instead; "" if nothing would
}

// Wall is a layer that did not stand, or not in full.
type Wall struct {
	Layer  string `json:"layer"`
	State  string `json:"state"`  // "absent", "off", or "degraded"
	Detail string `json:"detail"` // why, and what would mend it
	Cost   string `json:"cost"`   // what that costs
}

// Remark is one way in which the host disturbed the times.
type Remark struct {
	Cause string `json:"cause"` // as usage.noise.causes has it
	Text  string `json:"text"`
	Mend  string `json:"mend"`
}

// Explain explains a result.
func Explain(r *result.Result) *Explanation {
	e := &Explanation{
		Schema: Schema, ID: plain(r.ID), Reason: r.Reason, Status: result.ExitStatus(r), What: sentence(r), Meaning: meaning(r.Reason),
		Evidence: evidence(r), Causes: []string{}, Changes: []Change{}, Threads: threads(r), Denials: []Denial{},
		Walls: walls(r), Noise: remarks(r), Output: output(r), Notes: notes(r),
	}
	e.waits(r)
	e.causes(r)
	e.refused(r)
	return e
}

// Unknown notes keys of the result that its reader did not know.
func (e *Explanation) Unknown(keys []string) {
	if len(keys) > 0 {
		e.Notes = append(e.Notes, "it was written by a newer jail: this one does not know "+plain(strings.Join(keys, ", ")))
	}
}

// sentence is the one that jail exec writes.
func sentence(r *result.Result) string {
	s := result.Met(r)
	if s == "" {
		s = result.Sentence(r)
	}
	return bounded(strings.TrimPrefix(s, "jail: "), mostSentence)
}

// causes takes the rows that hold. A change that several of them want is told once.
func (e *Explanation) causes(r *result.Result) {
	for _, c := range causes() {
		if c.reason != r.Reason || !c.holds(r) {
			continue
		}
		if c.cause != "" {
			e.Causes = append(e.Causes, filled(c.cause, r))
		}
		if change := (Change{filled(flagFor(c.flag, r), r), filled(c.change, r)}); change != (Change{}) && !e.advises(change.Flag) {
			e.Changes = append(e.Changes, change)
		}
	}
}

func (e *Explanation) advises(flag string) bool {
	for _, c := range e.Changes {
		if flag != "" && c.Flag == flag {
			return true
		}
	}
	return false
}

// mostDenials bounds the list; the result has all.
const mostDenials = 16

// refused lists the calls that were refused.
func (e *Explanation) refused(r *result.Result) {
	for i := range r.Denials {
		if len(e.Denials) == mostDenials {
			e.More = len(r.Denials) - i
			break
		}
		d := &r.Denials[i]
		e.Denials = append(e.Denials, Denial{
			Call: plain(d.Syscall), Object: plain(d.Object), Errno: d.Errno.String(), Count: d.Count, Rule: plain(d.Rule), Fix: plain(d.Fix),
		})
	}
	e.MoreLost = r.DenialsTruncated
}

// output says what is missing of the streams.
func output(r *result.Result) []string {
	list := []string{}
	for _, s := range [...]struct {
		name string
		cut  bool
	}{{"standard output", r.Output.StdoutTruncated}, {"standard error", r.Output.StderrTruncated}} {
		if s.cut {
			list = append(list, s.name+" is cut off: the program wrote more than the bound of "+bytesOf(r.Limits.OutputBytes)+" ("+flagFor("--output", r)+")")
		}
	}
	if lost := result.Lost(r); lost != "" {
		list = append(list, bounded(strings.TrimPrefix(lost, "jail: "), mostSentence))
	}
	for _, line := range result.LostFiles(r) {
		list = append(list, bounded(line, mostSentence))
	}
	return list
}

// notes says what is odd about a result: it may have been written to since.
func notes(r *result.Result) []string {
	again := *r
	again.Conclude()
	switch {
	case again.Reason != r.Reason:
		return []string{"the evidence does not bear the reason out: by it the reason would be " + string(again.Reason) + "; was the file changed, or written by another version?"}
	case !same(again.ExitCode, r.ExitCode), !same(again.Signal, r.Signal):
		return []string{"exit_code and signal are not what evidence.wait_status says; was the file changed?"}
	}
	return []string{}
}

func same(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }
