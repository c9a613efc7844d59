package audit

import (
	"slices"
	"strconv"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// Pattern finds what is secret by its form; a *regexp.Regexp is one. This package
// links no regular expressions, which would cost each start of jail: see
// audit/patterns.
type Pattern interface {
	FindAllStringIndex(s string, n int) [][]int
}

// Redactor takes secrets out of texts. A nil one takes out nothing.
type Redactor struct {
	literals []string
	patterns []Pattern
}

// NewRedactor makes one that takes out each occurrence of the literals, also where
// they are written as a Go literal in ASCII, as what a jail tells of a program's
// memory is, and whatever the patterns find.
func NewRedactor(literals []string, patterns ...Pattern) (*Redactor, error) {
	if slices.Contains(literals, "") {
		return nil, &Error{Object: "redact", Err: ErrNoText, Hint: "leave it out: it would be found everywhere"}
	}
	if slices.Contains(patterns, nil) {
		return nil, &Error{Object: "redact", Err: ErrOption, Hint: "a pattern is nil"}
	}
	if len(literals)+len(patterns) == 0 {
		return nil, nil
	}
	r := &Redactor{slices.Clone(literals), slices.Clone(patterns)}
	for _, l := range literals {
		if q := strconv.QuoteToASCII(l); q[1:len(q)-1] != l {
			r.literals = append(r.literals, q[1:len(q)-1])
		}
	}
	return r, nil
}

// span is a part of a text.
type span struct{ from, to int }

// Redact gives s with "[redacted]" in place of each secret, and one in place of
// secrets that overlap or touch.
func (r *Redactor) Redact(s string) string {
	if r == nil || s == "" {
		return s
	}
	all := r.find(s)
	if len(all) == 0 {
		return s
	}
	slices.SortFunc(all, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	done := 0 // up to here s is written
	for i := 0; i < len(all); {
		from, to := all[i].from, all[i].to
		for i++; i < len(all) && all[i].from <= to; i++ {
			to = max(to, all[i].to)
		}
		b.WriteString(s[done:from])
		b.WriteString(redacted)
		done = to
	}
	b.WriteString(s[done:])
	return b.String()
}

// find also finds what begins within another.
func (r *Redactor) find(s string) (all []span) {
	for _, l := range r.literals {
		for at := 0; ; {
			i := strings.Index(s[at:], l)
			if i < 0 {
				break
			}
			all = append(all, span{at + i, at + i + len(l)})
			at += i + 1
		}
	}
	for _, p := range r.patterns {
		for _, m := range p.FindAllStringIndex(s, -1) {
			if m[0] < m[1] { // an empty match is no secret
				all = append(all, span{m[0], m[1]})
			}
		}
	}
	return all
}
