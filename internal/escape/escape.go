// Package escape shows names that others have chosen.
package escape

import "strconv"

// Name is a name as it is, or quoted in ASCII if it would write control characters to a
// terminal.
func Name(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return strconv.QuoteToASCII(s)
		}
	}
	return s
}

// All is a name without quotes, with an escape for all that is no plain ASCII.
func All(s string) string {
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}
