package why

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jailrun/jail/isolate/result"
)

// The bounds of texts that others chose, in characters.
const (
	mostText     = 200
	mostSentence = 400
)

// plain makes a text of the result's fit for a terminal, and short.
func plain(s string) string { return bounded(s, mostText) }

// bounded escapes what is not to be printed: line ends, commands to the terminal,
// and marks that turn words round (U+202E and its like).
func bounded(s string, most int) string {
	var b strings.Builder
	for i, n := 0, 0; i < len(s); n++ {
		if n == most {
			return b.String() + "…"
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
		case strconv.IsPrint(r):
			b.WriteString(s[i : i+size])
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		i += size
	}
	return b.String()
}

// amount prints bytes for a person: "256 MiB", "1.5 GiB".
func amount(n int64) string {
	const units = "KMGTPE"
	i, unit := -1, int64(1)
	for i+1 < len(units) && n/unit >= 1024 {
		unit *= 1024
		i++
	}
	if i < 0 {
		return count(n, "byte", "bytes")
	}
	s := strconv.FormatFloat(float64(n)/float64(unit), 'f', 1, 64)
	return strings.TrimSuffix(s, ".0") + " " + units[i:i+1] + "iB"
}

// bytesOf prints a bound.
func bytesOf(n *int64) string {
	if n == nil {
		return "none"
	}
	return amount(*n)
}

// span prints a time, to the millisecond where it has any.
func span(ns int64) string {
	d := time.Duration(ns)
	if d >= time.Millisecond {
		d = d.Round(time.Millisecond)
	}
	return d.String()
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + many
}

// value is a figure, 0 where it is not known.
func value(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

// either is the first figure that is known.
func either(a, b *int64) *int64 {
	if a != nil {
		return a
	}
	return b
}

// of prints a figure beside its limit: "256 MiB of a limit of 256 MiB".
func of(used, limit *int64, show func(int64) string) string {
	switch {
	case used == nil:
		return ""
	case limit == nil:
		return show(*used) + ", without a limit"
	}
	return show(*used) + " of a limit of " + show(*limit)
}

// slots are what a text of the tables leaves open, each as the docs show it.
var slots = [...]struct {
	name, doc string
	text      func(*result.Result) string
}{
	{"{group}", "GROUP", func(r *result.Result) string { return deref(r.Evidence.MemoryGroup, r.Limits.Group) }},
	{"{signal}", "the signal", func(r *result.Result) string { return childSignal(r) }},
	{"{hint}", "what the error itself advises", hint},
}

// filled is a text of the tables for a result.
func filled(text string, r *result.Result) string {
	for _, s := range slots {
		if strings.Contains(text, s.name) {
			text = strings.ReplaceAll(text, s.name, plain(s.text(r)))
		}
	}
	return text
}

func deref(list ...*string) string {
	for _, p := range list {
		if p != nil {
			return *p
		}
	}
	return ""
}
