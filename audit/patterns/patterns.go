// Package patterns compiles regular expressions that find secrets. It is apart
// from audit, since regexp costs each start of jail.
package patterns

import (
	"regexp"

	"github.com/jailrun/jail/audit"
)

// Compile makes patterns of regular expressions (RE2), for audit.Options.Patterns.
// One that finds the empty text is an error.
func Compile(list ...string) ([]audit.Pattern, error) {
	all := make([]audit.Pattern, 0, len(list))
	for _, text := range list {
		p, err := regexp.Compile(text)
		if err != nil {
			return nil, &audit.Error{Op: "compile", Object: text, Err: err, Hint: "it is a regular expression as RE2 has them"}
		}
		if p.MatchString("") {
			return nil, &audit.Error{Op: "compile", Object: text, Err: audit.ErrNoText, Hint: "it finds what is empty: let it ask for one character at least"}
		}
		all = append(all, p)
	}
	return all, nil
}
