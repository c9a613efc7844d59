package exchange

import "strings"

// Literal gives the pattern that matches path alone. Patterns are those of
// path.Match name by name: "*", "?", "[a-z]", "[^a-z]" and "\" before one of
// them; the name "**" stands for any folders, and none. Hidden names match too.
func Literal(path string) string {
	return escaper.Replace(path)
}

var escaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)
