package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/jailrun/jail/audit"
)

// glob finds secrets by their form: "*" stands for any run of characters that a
// token may have, "?" for one of them. Regular expressions would do more, and cost
// each start of jail.
type glob string

// mostGlob is as many places as a word has bits, but for the one behind the last.
const mostGlob = 63

var (
	errEmptyForm = errors.New("finds everything")
	errOtherForm = errors.New("is of another kind of pattern")
	errLongForm  = errors.New("is longer than 63 characters")
)

func parseGlob(text string) (audit.Pattern, error) {
	if len(text) > mostGlob {
		return nil, &failure{op: "--redact-pattern", object: text, err: errLongForm, hint: "a part of it will do"}
	}
	if strings.ContainsAny(text, "[]{}\\^$") {
		return nil, &failure{op: "--redact-pattern", object: text, err: errOtherForm, hint: `only * and ? stand for others, as in "sk-*"`}
	}
	for i := range len(text) {
		if text[i] != '*' && text[i] != '?' {
			return glob(text), nil
		}
	}
	return nil, &failure{op: "--redact-pattern", object: text, err: errEmptyForm, hint: `say how it begins, as "sk-*"`}
}

func addRedactPattern(r *request, v string) error {
	p, err := parseGlob(v)
	if err == nil {
		r.redactForm = append(r.redactForm, p)
	}
	return err
}

// FindAllStringIndex gives what is found, up to n times, without overlaps; a
// negative n is no bound.
func (g glob) FindAllStringIndex(s string, n int) (all [][]int) {
	for from := 0; from < len(s) && (n < 0 || len(all) < n); {
		start, end := g.first(s, from)
		if start < 0 {
			break
		}
		all = append(all, []int{start, end})
		from = end
	}
	return all
}

// places are the places in a glob that a text may have come to, each with where its
// match began, or -1.
type places [mostGlob + 1]int

func nowhere() (p places) {
	for i := range p {
		p[i] = -1
	}
	return p
}

// reach keeps the earliest beginning.
func (p *places) reach(place, began int) {
	if p[place] < 0 || began < p[place] {
		p[place] = began
	}
}

// first gives the first match from a place on, as long as it gets. It goes over the
// text once, whatever that is: who has chosen it can't make it slow.
func (g glob) first(s string, from int) (start, end int) {
	at := nowhere()
	start = -1
	for i := from; ; i++ {
		if start < 0 {
			at.reach(0, i)
		}
		g.past(&at)
		if b := at[len(g)]; b >= 0 && b < i && (start < 0 || b == start) {
			start, end = b, i
		}
		if i >= len(s) {
			return start, end
		}
		at = g.step(&at, s[i])
		if start >= 0 && !slices.Contains(at[:len(g)+1], start) {
			return start, end
		}
	}
}

// step gives the places after one more byte.
func (g glob) step(at *places, c byte) places {
	after := nowhere()
	for i := range len(g) {
		switch {
		case at[i] < 0:
		case g[i] == '*' && isToken(c):
			after.reach(i, at[i])
		case g[i] == '?' && isToken(c), g[i] != '*' && g[i] != '?' && g[i] == c:
			after.reach(i+1, at[i])
		}
	}
	return after
}

// past goes on behind each "*", which may stand for nothing.
func (g glob) past(at *places) {
	for i := range len(g) {
		if g[i] == '*' && at[i] >= 0 {
			at.reach(i+1, at[i])
		}
	}
}

// isToken says whether a byte can be part of a token, and not its end.
func isToken(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '"', '\'', ',', ';', '&', '<', '>', '(', ')', '[', ']', '{', '}', '|', '`', 0:
		return false
	}
	return true
}
