package policy

import (
	"slices"
	"strings"
)

// nearestHint names the one of names that was probably meant, else all.
func nearestHint(got string, names []string) string {
	best, least := "", len(got)/2+2
	for _, name := range names {
		if d := distance(got, name); d < least {
			best, least = name, d
		}
	}
	if best != "" {
		return `did you mean "` + best + `"?`
	}
	return "use " + orList(names)
}

// distance is Levenshtein's, in bytes. What is longer than any name of ours is
// far from all, unmeasured: a key may be as long as its file.
func distance(a, b string) int {
	const longest = 40
	if len(a) > longest {
		return len(a)
	}
	var row, next [longest + 1]int
	for i := range row {
		row[i] = i
	}
	for j := range len(b) {
		next[0] = j + 1
		for i := range len(a) {
			swap := row[i]
			if lower(a[i]) != lower(b[j]) {
				swap++
			}
			next[i+1] = min(swap, row[i+1]+1, next[i]+1)
		}
		row = next
	}
	return row[len(a)]
}

func lower(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	case c == '-':
		return '_' // an option's spelling in a file
	}
	return c
}

// oneOf refuses a value that allowed doesn't hold. The empty value is the
// default, and allowed.
func oneOf[T ~string](v T, allowed []T) error {
	if v == "" || slices.Contains(allowed, v) {
		return nil
	}
	return fault(string(v), ErrUnknown, "use "+orList(words(allowed)))
}

// words gives a table's words as plain strings.
func words[T ~string](table []T) []string {
	plain := make([]string, len(table))
	for i, w := range table {
		plain[i] = string(w)
	}
	return plain
}

// orList reads "a, b or c".
func orList(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
