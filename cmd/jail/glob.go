package main

import (
	"errors"

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
	errLongForm  = errors.New("is longer than 63 characters")
)

func parseGlob(text string) (audit.Pattern, error) {
	if len(text) > mostGlob {
		return nil, &failure{op: "--redact-pattern", object: text, err: errLongForm, hint: "a part of it will do"}
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
	for i := 0; i < len(s) && (n < 0 || len(all) < n); {
		if end := g.match(s, i); end > i {
			all = append(all, []int{i, end})
			i = end
			continue
		}
		i++
	}
	return all
}

// match gives the end of the longest match that begins at i, or -1. It goes over the
// text once, with a bit for each place in the glob that it may have come to: who
// chose the text can't make it slow.
func (g glob) match(s string, i int) (end int) {
	end = -1
	places := g.past(1)
	for ; ; i++ {
		if places&(1<<len(g)) != 0 {
			end = i
		}
		if i >= len(s) || places == 0 {
			return end
		}
		places = g.step(places, s[i])
	}
}

// step gives the places after one more byte.
func (g glob) step(places uint64, c byte) (after uint64) {
	for at := range len(g) {
		if places&(1<<at) == 0 {
			continue
		}
		switch {
		case g[at] == '*' && isToken(c):
			after |= 1 << at
		case g[at] == '?' && isToken(c), g[at] != '*' && g[at] != '?' && g[at] == c:
			after |= 1 << (at + 1)
		}
	}
	return g.past(after)
}

// past adds the places behind each "*", which may stand for nothing.
func (g glob) past(places uint64) uint64 {
	for at := range len(g) {
		if g[at] == '*' && places&(1<<at) != 0 {
			places |= 1 << (at + 1)
		}
	}
	return places
}

// isToken says whether a byte can be part of a token, and not its end.
func isToken(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '"', '\'', ',', ';', '&', '<', '>', '(', ')', '[', ']', '{', '}', '|', '`', 0:
		return false
	}
	return true
}
