package exchange

import (
	"path"
	"slices"
	"strings"
)

// Literal gives the pattern that matches path alone. Patterns are those of
// path.Match name by name: "*", "?", "[a-z]", "[^a-z]" and "\" before one of
// them; the name "**" stands for any folders, and none. Hidden names match too.
func Literal(path string) string { return escaper.Replace(path) }

var escaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// wild are the characters of which one makes a name a pattern.
const wild = "*?["

// A segment is one name of a pattern.
type segment struct {
	text    string
	literal bool // text is the name itself
	any     bool // "**"
}

// pattern is matched against a path name by name, as the walk goes down.
type pattern []segment

// split parts a pattern into the path before its first wildcard, and the rest.
func split(text string) (before string, rest pattern, err error) {
	names := strings.Split(text, "/")
	first := slices.IndexFunc(names, isWild)
	if first < 0 {
		first = len(names)
	}
	for i, name := range names[:first] {
		names[i] = plain(name)
	}
	for _, name := range names[first:] {
		if name == ".." {
			return "", nil, fail(reading, text, ErrBadPattern)
		}
		if name != "" && name != "." {
			rest = append(rest, newSegment(name))
		}
	}
	before = strings.Join(names[:first], "/")
	if first > 0 && before == "" && text != "" {
		before = "/"
	}
	return before, rest, rest.check(text)
}

// named says whether the pattern is at most one name, and no wildcard.
func (p pattern) named() bool { return len(p) == 0 || len(p) == 1 && p[0].literal }

// check bounds a pattern to the bits of a states.
func (p pattern) check(text string) error {
	if len(p) > 60 {
		return fail(reading, text, ErrBadPattern)
	}
	for _, s := range p {
		if _, err := path.Match(s.text, ""); err != nil && !s.literal {
			return fail(reading, text, ErrBadPattern)
		}
	}
	return nil
}

func newSegment(name string) segment {
	switch {
	case name == "**":
		return segment{any: true}
	case isWild(name):
		return segment{text: name}
	}
	return segment{text: plain(name), literal: true}
}

// isWild says whether a name has a wildcard that is not escaped.
func isWild(name string) bool {
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '\\':
			i++
		case strings.IndexByte(wild, name[i]) >= 0:
			return true
		}
	}
	return false
}

// plain takes the escapes out of a name.
func plain(name string) string {
	if !strings.Contains(name, `\`) {
		return name
	}
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+1 < len(name) {
			i++
		}
		out = append(out, name[i])
	}
	return string(out)
}

// states are the places in a pattern at which a path may be: all at once, so
// that no pattern takes longer than its length for each name.
type states uint64

// all is the state of what lies in a folder that was matched whole.
const all states = 1 << 63

// start is where a path is that has no name yet.
func (p pattern) start() states { return p.closed(1) }

// closed adds the places that "**" reaches by standing for nothing.
func (p pattern) closed(s states) states {
	for i, seg := range p {
		if seg.any && s&(1<<i) != 0 {
			s |= 1 << (i + 1)
		}
	}
	return s
}

// step is where a path goes by one more name, and whether it is matched whole.
func (p pattern) step(s states, name string) (next states, whole bool) {
	if s == all {
		return all, true
	}
	for i, seg := range p {
		switch {
		case s&(1<<i) == 0:
		case seg.any:
			next |= 1 << i
		case seg.matches(name):
			next |= 1 << (i + 1)
		}
	}
	next = p.closed(next)
	return next, next&(1<<len(p)) != 0
}

func (s segment) matches(name string) bool {
	if s.literal {
		return s.text == name
	}
	ok, _ := path.Match(s.text, name)
	return ok
}

// names are all that can come next, if these are few and need no listing.
func (p pattern) names(s states) (names []string, few bool) {
	if s == all {
		return nil, false
	}
	for i, seg := range p {
		switch {
		case s&(1<<i) == 0:
		case !seg.literal:
			return nil, false
		case !slices.Contains(names, seg.text):
			names = append(names, seg.text)
		}
	}
	return names, true
}
