package why

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends the explanation as one JSON object, and a newline.
func (e *Explanation) AppendJSON(b []byte) ([]byte, error) {
	var s strings.Builder
	enc := json.NewEncoder(&s)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e)
	return append(b, s.String()...), err
}

// Text is the explanation for a person.
func (e *Explanation) Text() string {
	p := &printer{}
	p.line("Run " + e.name() + ": " + string(e.Reason) + ", exit status " + strconv.Itoa(e.Status))
	p.line("  " + e.What)
	p.line("  " + e.Meaning)
	p.evidence(e.Evidence)
	p.list("Likely cause", e.Causes)
	p.changes(e.Changes)
	if len(e.Threads) > 1 {
		p.list("Threads, just before the end", e.Threads)
	}
	p.denials(e)
	p.walls(e.Walls)
	p.noise(e.Noise)
	p.list("Output", e.Output)
	p.list("About this result", e.Notes)
	return p.b.String()
}

func (e *Explanation) name() string {
	if e.ID == "" {
		return "without an id"
	}
	return e.ID
}

// printer writes sections, each after an empty line.
type printer struct{ b strings.Builder }

func (p *printer) line(s string) { p.b.WriteString(s + "\n") }

func (p *printer) section(title string) { p.line("\n" + title) }

func (p *printer) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	p.section(title)
	for _, s := range items {
		p.line("  " + s)
	}
}

// columns writes pairs, the second beside the first.
func (p *printer) columns(pairs [][2]string) {
	width := 0
	for _, c := range pairs {
		width = max(width, utf8.RuneCountInString(c[0]))
	}
	for _, c := range pairs {
		p.line("  " + c[0] + strings.Repeat(" ", width-utf8.RuneCountInString(c[0])+2) + c[1])
	}
}

func (p *printer) evidence(list []Fact) {
	if len(list) == 0 {
		return
	}
	p.section("Evidence")
	pairs := make([][2]string, len(list))
	for i, f := range list {
		pairs[i] = [2]string{f.Name, f.Text}
	}
	p.columns(pairs)
}

func (p *printer) changes(list []Change) {
	if len(list) == 0 {
		return
	}
	p.section("What to change")
	for _, c := range list {
		switch {
		case c.Flag == "":
			p.line("  " + c.Text)
		default:
			p.line("  " + c.Flag + "  " + c.Text)
		}
	}
}

func (p *printer) denials(e *Explanation) {
	if len(e.Denials) == 0 {
		return
	}
	p.section("Refused calls")
	for _, d := range e.Denials {
		head := d.Call
		if d.Object != "" {
			head += " " + d.Object
		}
		answer := d.Errno
		if answer == "" {
			answer = "no answer"
		}
		p.line("  " + head + ": " + answer + ", " + count(d.Count, "time", "times"))
		if d.Rule != "" {
			p.line("    rule: " + d.Rule)
		}
		if d.Fix != "" {
			p.line("    fix: " + d.Fix)
		} else {
			p.line("    nothing allows it")
		}
	}
	switch {
	case e.More > 0:
		p.line("  and " + strconv.Itoa(e.More) + " more kinds, which the result lists")
	case e.MoreLost:
		p.line("  there were more kinds than a result holds; the last row counts them")
	}
}

func (p *printer) walls(list []Wall) {
	if len(list) == 0 {
		return
	}
	p.section("Walls that did not stand, or not in full")
	for _, w := range list {
		p.line("  " + w.Layer + " " + w.State + ": " + w.Detail)
		p.line("    cost: " + w.Cost)
	}
}

func (p *printer) noise(list []Remark) {
	if len(list) == 0 {
		return
	}
	p.section("The host disturbed the times")
	for _, r := range list {
		p.line("  " + r.Cause + ": " + r.Text)
		if r.Mend != "" {
			p.line("    steadier: " + r.Mend)
		}
	}
}
