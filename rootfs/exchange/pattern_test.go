package exchange

import (
	"path"
	"strings"
	"testing"
)

// reads is what a pattern means, said by recursion: it takes for ever on some.
func reads(pattern, names []string) bool {
	switch {
	case len(pattern) == 0:
		return len(names) == 0
	case pattern[0] == "**":
		return reads(pattern[1:], names) || len(names) > 0 && reads(pattern, names[1:])
	case len(names) == 0:
		return false
	}
	ok, err := path.Match(pattern[0], names[0])
	return err == nil && ok && reads(pattern[1:], names[1:])
}

// walked is what a walk finds of the names, one after the other.
func walked(p pattern, before string, names []string) bool {
	for name := range strings.SplitSeq(before, "/") {
		if name == "" || name == "." {
			continue
		}
		if len(names) == 0 || names[0] != name {
			return false
		}
		names = names[1:]
	}
	at := p.start()
	whole := at&(1<<len(p)) != 0
	for _, name := range names {
		at, whole = p.step(at, name)
	}
	return whole
}

func FuzzAPatternMatchesWhatItSays(f *testing.F) {
	for _, s := range [][2]string{
		{"a/*/c", "a/b/c"}, {"**/c", "a/b/c"}, {"**", "a"}, {"a/**/b/**/c", "a/x/b/y/c"}, {"**/**/a", "b/a"}, {`\*`, "*"}, {"[a-c]/?", "b/x"},
		{"a/**", "a"}, {"**/a/**", "a"}, {"*/**/*", "a/b"}, {"x", "x"}, {`a\/b`, "a/b"}, {"[!a]", "b"}, {"é*", "é\xff"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, text, at string) {
		names := strings.FieldsFunc(at, func(r rune) bool { return r == '/' })
		if len(text) > 30 || len(names) > 6 || len(names) == 0 {
			return
		}
		before, p, err := split(text)
		if err != nil {
			return
		}
		var segments []string
		for name := range strings.SplitSeq(text, "/") {
			if name == ".." || strings.HasSuffix(name, `\`) {
				return // of the host's paths, and no pattern to path.Match
			}
			if name != "" && name != "." {
				segments = append(segments, name)
			}
		}
		if got, want := walked(p, before, names), reads(segments, names); got != want {
			t.Errorf("%q on %q: %v, not %v", text, names, got, want)
		}
		if l, rest, err := split(Literal(at)); err != nil || len(rest) != 0 || strings.Trim(l, "/") != strings.Trim(at, "/") {
			t.Errorf("Literal(%q) is %q, %v, %v", at, l, rest, err)
		}
	})
}
