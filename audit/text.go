package audit

import (
	"unicode/utf8"
)

// A text in a line is printable ASCII: nothing in it can end the line, move a
// cursor, or turn the order of what is read. What is not is written as \u and
// four hexadecimal digits, runes past U+FFFF as two such (as JSON has it), and a
// byte that is no UTF-8 as \udc80 to \udcff: half of such a pair, which no rune
// has. Python's surrogateescape reads that as the byte again.
//
// There is one way to write each text, so that a reader can tell whether a line is
// one that this package wrote.

const (
	firstLow  = 0xdc00 // the second of a pair
	firstHigh = 0xd800 // the first
	lastHigh  = 0xdbff
)

const hexDigits = "0123456789abcdef"

// isPlain says which bytes stand for themselves.
func isPlain(c byte) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '\\' }

// appendEscaped writes as much of s as fits into room bytes, and says whether that
// was all. A rune is written whole, or not at all.
func appendEscaped(b []byte, s string, room int) ([]byte, bool) {
	for i := 0; i < len(s); {
		if isPlain(s[i]) {
			n := plainRun(s[i:])
			if n > room {
				return append(b, s[i:i+room]...), false
			}
			b = append(b, s[i:i+n]...)
			i, room = i+n, room-n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		before := len(b)
		if r == utf8.RuneError && n == 1 {
			b = appendUnit(b, firstLow+uint16(s[i]))
		} else {
			b = appendRune(b, r)
		}
		if room -= len(b) - before; room < 0 {
			return b[:before], false
		}
		i += n
	}
	return b, true
}

func plainRun(s string) int {
	for i := range len(s) {
		if !isPlain(s[i]) {
			return i
		}
	}
	return len(s)
}

func appendRune(b []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r > 0xffff:
		r -= 0x10000
		return appendUnit(appendUnit(b, firstHigh+uint16(r>>10)), firstLow+uint16(r&0x3ff))
	}
	return appendUnit(b, uint16(r))
}

func appendUnit(b []byte, u uint16) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

// unescape reads a text up to its quote, and gives what follows that. With keep it
// gives the text too, else only whether it is well formed: written as
// appendEscaped would.
func unescape(text []byte, keep bool) (s string, rest []byte, ok bool) {
	n := plainRunBytes(text)
	if n < len(text) && text[n] == '"' {
		if keep {
			s = string(text[:n])
		}
		return s, text[n+1:], n <= mostText
	}
	var u unescaper
	u.text, u.keep = text, keep
	for u.next() {
	}
	if !u.ended || len(text)-len(u.text)-1 > mostText {
		return "", nil, false
	}
	return string(u.out), u.text, true
}

func plainRunBytes(s []byte) int {
	for i, c := range s {
		if !isPlain(c) {
			return i
		}
	}
	return len(s)
}

// unescaper reads a text that has more than plain bytes.
type unescaper struct {
	text  []byte // what is not yet read
	out   []byte
	keep  bool
	ended bool // by a quote, with nothing wrong before it
	lone  []byte
}

// next reads a run of plain bytes, or one escape; false at the end.
func (u *unescaper) next() bool {
	if n := plainRunBytes(u.text); n > 0 {
		u.lone = u.lone[:0]
		u.take(u.text[:n], n)
		return true
	}
	switch {
	case len(u.text) == 0:
		return false
	case u.text[0] == '"':
		u.text, u.ended = u.text[1:], true
		return false
	case len(u.text) < 2 || u.text[0] != '\\':
		return false
	case u.text[1] == '"' || u.text[1] == '\\':
		u.lone = u.lone[:0]
		u.take(u.text[1:2], 2)
		return true
	}
	return u.unit()
}

// unit reads a \u with its digits, or two.
func (u *unescaper) unit() bool {
	first, ok := unitOf(u.text)
	switch {
	case !ok || first >= ' ' && first < 0x7f:
		return false
	case first >= firstLow+0x80 && first <= firstLow+0xff:
		return u.byte(byte(first - firstLow))
	case first >= firstHigh && first <= lastHigh:
		second, ok := unitOf(u.text[6:])
		if !ok || second < firstLow || second > 0xdfff {
			return false
		}
		return u.rune(0x10000+rune(first-firstHigh)<<10+rune(second-firstLow), 12)
	case first > lastHigh && first <= 0xdfff:
		return false
	}
	return u.rune(rune(first), 6)
}

func (u *unescaper) rune(r rune, n int) bool {
	var b [utf8.UTFMax]byte
	u.lone = u.lone[:0]
	u.take(b[:utf8.EncodeRune(b[:], r)], n)
	return true
}

// byte takes a byte that is no UTF-8, which then must not make a rune with those
// before: that would have been written as a rune.
func (u *unescaper) byte(c byte) bool {
	u.lone = append(u.lone, c)
	for i := max(0, len(u.lone)-utf8.UTFMax); i < len(u.lone); i++ {
		if _, n := utf8.DecodeRune(u.lone[i:]); n > 1 {
			return false
		}
	}
	u.take([]byte{c}, 6)
	return true
}

func (u *unescaper) take(out []byte, n int) {
	if u.keep {
		u.out = append(u.out, out...)
	}
	u.text = u.text[n:]
}

// unitOf reads \u and four digits, of which letters are small.
func unitOf(s []byte) (unit uint16, ok bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	for _, c := range s[2:6] {
		d, ok := hexValue(c)
		if !ok {
			return 0, false
		}
		unit = unit<<4 | uint16(d)
	}
	return unit, true
}

func hexValue(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
