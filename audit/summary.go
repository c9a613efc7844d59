package audit

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// Summary counts what a log has. The zero value has counted nothing.
type Summary struct {
	Events  int64
	First   time.Time
	Last    time.Time
	Types   map[string]int64
	Jails   map[string]int64
	Denials map[Denied]int64 // by how often they were made
	Ends    map[string]int64 // by the verdict's reason
}

// Denied is what denials are counted by.
type Denied struct{ Call, Rule string }

// Add counts an entry.
func (s *Summary) Add(e *Entry) {
	if s.Types == nil {
		*s = Summary{Types: map[string]int64{}, Jails: map[string]int64{}, Denials: map[Denied]int64{}, Ends: map[string]int64{}}
	}
	s.Events++
	if s.First.IsZero() || e.Time.Before(s.First) {
		s.First = e.Time
	}
	if e.Time.After(s.Last) {
		s.Last = e.Time
	}
	s.Types[string(e.Type())]++
	if e.Jail != "" {
		s.Jails[e.Jail]++
	}
	switch d := e.Detail.(type) {
	case *Denial:
		s.Denials[Denied{d.Syscall, d.Rule}] += d.Count
	case *Verdict:
		s.Ends[d.Reason]++
	}
}

// counted is one row of a summary.
type counted struct {
	Name  string `json:"name"`
	Rule  string `json:"rule,omitempty"`
	Count int64  `json:"count"`
}

// rows sorts a count, the most first.
func rows[K comparable](m map[K]int64, name func(K) (string, string)) []counted {
	all := make([]counted, 0, len(m))
	for k, n := range m {
		a, b := name(k)
		all = append(all, counted{plain(a), plain(b), n})
	}
	slices.SortFunc(all, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Rule, b.Rule))
	})
	return all
}

func itself(s string) (string, string) { return s, "" }

// parts lists the tables of a summary.
func (s *Summary) parts() []struct {
	key, head string
	rows      []counted
} {
	return []struct {
		key, head string
		rows      []counted
	}{
		{"types", "TYPE", rows(s.Types, itself)},
		{"verdicts", "VERDICT", rows(s.Ends, itself)},
		{"denials", "DENIED", rows(s.Denials, func(d Denied) (string, string) { return d.Call, d.Rule })},
		{"jails", "JAIL", rows(s.Jails, itself)},
	}
}

// WriteJSON writes one object.
func (s *Summary) WriteJSON(w io.Writer) error {
	out := struct {
		Events   int64     `json:"events"`
		First    string    `json:"first"`
		Last     string    `json:"last"`
		Types    []counted `json:"types"`
		Verdicts []counted `json:"verdicts"`
		Denials  []counted `json:"denials"`
		Jails    []counted `json:"jails"`
	}{Events: s.Events, First: s.First.UTC().Format(timeForm), Last: s.Last.UTC().Format(timeForm)}
	p := s.parts()
	out.Types, out.Verdicts, out.Denials, out.Jails = p[0].rows, p[1].rows, p[2].rows, p[3].rows
	return json.NewEncoder(w).Encode(out)
}

// WriteTable writes tables for a person, of which each has the first twenty rows.
func (s *Summary) WriteTable(w io.Writer) error {
	const most = 20
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	text := strconv.FormatInt(s.Events, 10) + " events from " + s.First.UTC().Format(timeForm) + " to " + s.Last.UTC().Format(timeForm) + "\n"
	for _, p := range s.parts() {
		if len(p.rows) == 0 {
			continue
		}
		text += "\n" + p.head + "\tCOUNT\n"
		for _, r := range p.rows[:min(len(p.rows), most)] {
			name := r.Name
			if r.Rule != "" {
				name += " (" + r.Rule + ")"
			}
			text += name + "\t" + strconv.FormatInt(r.Count, 10) + "\n"
		}
		if more := len(p.rows) - most; more > 0 {
			text += "and " + strconv.Itoa(more) + " more\n"
		}
	}
	if _, err := t.Write([]byte(text)); err != nil {
		return err
	}
	return t.Flush()
}
