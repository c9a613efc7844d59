package result

import (
	"strconv"
	"unicode/utf8"
)

// writer appends JSON objects, compactly and in the order of the calls.
type writer struct{ b []byte }

// element puts the comma before all but the first member.
func (w *writer) element() {
	if n := len(w.b); n > 0 && w.b[n-1] != '{' && w.b[n-1] != '[' {
		w.b = append(w.b, ',')
	}
}

// key begins a member. Keys are names of ours: nothing in them needs escaping.
func (w *writer) key(k string) {
	w.element()
	w.b = append(w.b, '"')
	w.b = append(w.b, k...)
	w.b = append(w.b, '"', ':')
}

// open begins an object, as a member unless k is empty.
func (w *writer) open(k string) {
	if k != "" {
		w.key(k)
	}
	w.b = append(w.b, '{')
}

func (w *writer) close() { w.b = append(w.b, '}') }

func (w *writer) null(k string) {
	w.key(k)
	w.b = append(w.b, "null"...)
}

func (w *writer) bool(k string, v bool) {
	w.key(k)
	w.b = strconv.AppendBool(w.b, v)
}

func (w *writer) num(k string, v int64) {
	w.key(k)
	w.b = strconv.AppendInt(w.b, v, 10)
}

func (w *writer) str(k, v string) {
	w.key(k)
	w.b = appendString(w.b, v)
}

func (w *writer) words(k string, list []Word) {
	if list == nil {
		w.null(k)
		return
	}
	w.key(k)
	w.b = append(w.b, '[')
	for _, v := range list {
		w.element()
		w.b = appendString(w.b, v.String())
	}
	w.b = append(w.b, ']')
}

// optional writes a number, or null for what is not known.
func optional[T ~int | ~int64 | ~uint32](w *writer, k string, v *T) {
	if v == nil {
		w.null(k)
		return
	}
	w.num(k, int64(*v))
}

// text writes a string, or null for what is not known.
func text[T ~string](w *writer, k string, v *T) {
	if v == nil {
		w.null(k)
		return
	}
	w.str(k, string(*v))
}

// appendString quotes s. Bytes that are no UTF-8 become U+FFFD, and the two
// line separators that JavaScript does not take in a string are escaped, both
// as encoding/json does. The program chooses parts of what is quoted here.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			b = appendASCII(b, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, `\ufffd`...)
		case r == '\u2028':
			b = append(b, `\u2028`...)
		case r == '\u2029':
			b = append(b, `\u2029`...)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return append(b, '"')
}

func appendASCII(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	}
	if c < ' ' {
		return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
	return append(b, c)
}

// texts writes a list of strings, or null for one that was never made.
func texts[T ~string](w *writer, k string, list []T) {
	if list == nil {
		w.null(k)
		return
	}
	w.key(k)
	w.b = append(w.b, '[')
	for _, s := range list {
		w.element()
		w.b = appendString(w.b, string(s))
	}
	w.b = append(w.b, ']')
}
