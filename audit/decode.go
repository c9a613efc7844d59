package audit

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"
)

// Entry is a line that was read.
type Entry struct {
	Event
	Seq       uint64
	Prev      Hash
	Truncated bool // a text or a list was cut at its bound
}

// Type is that of the entry's event.
func (e *Entry) Type() Type { return e.Detail.Type() }

// Decode reads a line, without its newline. It takes only what this package
// writes: the same keys in the same order, and texts written in the same way.
func Decode(line []byte) (*Entry, error) {
	var p parser
	e := &Entry{}
	p.keep = true
	if p.line(line, e); p.bad != "" {
		return nil, &Error{Err: ErrLine, Detail: p.bad}
	}
	return e, nil
}

// parser goes over a line, and keeps what it says or only looks at its form.
type parser struct {
	rest    []byte
	keep    bool
	comma   bool
	bad     string // what is wrong, "" for nothing
	entry   Entry  // of one whose content is not kept
	details [len(typeRows)]Detail
}

// line reads a whole line into e.
func (p *parser) line(line []byte, e *Entry) {
	p.rest, p.bad = line, ""
	if len(line) > MostLine {
		p.fail("it is longer than a line may be")
		return
	}
	if !p.head(e) {
		return
	}
	p.comma = false
	d := p.kind()
	if d == nil {
		return
	}
	p.time(&e.Time)
	p.number("mono_ns", &e.MonoNS)
	p.text("jail", &e.Jail)
	p.integer("pid", &e.PID)
	p.integer("inner_pid", &e.InnerPID)
	p.text("program", &e.Program)
	p.text("policy", &e.Policy)
	p.key("detail")
	p.lit("{")
	p.comma = false
	d.visit(p)
	p.lit("}")
	p.comma = true
	p.key("truncated")
	p.flag(&e.Truncated)
	p.lit("}")
	if len(p.rest) > 0 {
		p.fail("more stands behind its end")
	}
	e.Detail = d
}

// check looks at a line's form only, and costs no memory.
func (p *parser) check(line []byte) (seq uint64, prev Hash, t Type, ok bool) {
	p.line(line, &p.entry)
	if p.bad != "" {
		return 0, Hash{}, "", false
	}
	return p.entry.Seq, p.entry.Prev, p.entry.Detail.Type(), true
}

// head reads what binds a line to the one before.
func (p *parser) head(e *Entry) bool {
	p.lit(lineHead)
	e.Seq = p.unsigned()
	p.lit(`,"prev":"`)
	if p.bad != "" || len(p.rest) < 2*len(e.Prev) {
		p.fail("it has no number, or no hash of the line before")
		return false
	}
	for i := range e.Prev {
		hi, ok1 := hexValue(p.rest[2*i])
		lo, ok2 := hexValue(p.rest[2*i+1])
		if !ok1 || !ok2 {
			p.fail("the hash of the line before is none")
			return false
		}
		e.Prev[i] = hi<<4 | lo
	}
	p.rest = p.rest[2*len(e.Prev):]
	p.lit(`",`)
	return p.bad == ""
}

// kind reads the type, and gives an empty detail of it.
func (p *parser) kind() Detail {
	p.key("type")
	p.lit(`"`)
	n := bytes.IndexByte(p.rest, '"')
	if p.bad != "" || n < 0 {
		p.fail("it has no type")
		return nil
	}
	for i := range typeRows {
		if string(typeRows[i].name) != string(p.rest[:n]) {
			continue
		}
		p.rest = p.rest[n+1:]
		if p.keep {
			return typeRows[i].empty()
		}
		if p.details[i] == nil {
			p.details[i] = typeRows[i].empty()
		}
		return p.details[i]
	}
	p.fail("its type is none of the set")
	return nil
}

func (p *parser) fail(why string) {
	if p.bad == "" {
		p.bad = why
	}
	p.rest = nil
}

func (p *parser) lit(s string) {
	if len(p.rest) < len(s) || string(p.rest[:len(s)]) != s {
		p.fail("a key or a sign of JSON is not where it belongs")
		return
	}
	p.rest = p.rest[len(s):]
}

func (p *parser) key(k string) {
	if p.comma {
		p.lit(",")
	}
	p.comma = true
	n := len(k) + len(`"":`)
	if len(p.rest) < n || p.rest[0] != '"' || string(p.rest[1:1+len(k)]) != k || p.rest[n-2] != '"' || p.rest[n-1] != ':' {
		p.fail("the key " + k + " is not where it belongs")
		return
	}
	p.rest = p.rest[n:]
}

func (p *parser) time(t *time.Time) {
	p.key("time")
	p.lit(`"`)
	if len(p.rest) < len(timeForm) {
		p.fail("the time is none")
		return
	}
	var ok bool
	if *t, ok = readTime(p.rest[:len(timeForm)]); !ok {
		p.fail("the time is none")
		return
	}
	p.rest = p.rest[len(timeForm):]
	p.lit(`"`)
}

// readTime reads the one form in which times are written.
func readTime(b []byte) (time.Time, bool) {
	for i, c := range []byte(timeForm) {
		switch {
		case c >= '0' && c <= '9':
			if b[i] < '0' || b[i] > '9' {
				return time.Time{}, false
			}
		case b[i] != c:
			return time.Time{}, false
		}
	}
	n := func(from, to int) (v int) {
		for _, c := range b[from:to] {
			v = v*10 + int(c-'0')
		}
		return v
	}
	month, day, hour, minute, second := n(5, 7), n(8, 10), n(11, 13), n(14, 16), n(17, 19)
	t := time.Date(n(0, 4), time.Month(month), day, hour, minute, second, n(20, 29), time.UTC)
	if t.Year() < 1 || int(t.Month()) != month || t.Day() != day || t.Hour() != hour || t.Minute() != minute || t.Second() != second {
		return time.Time{}, false
	}
	return t, true
}

func (p *parser) text(key string, v *string) {
	p.key(key)
	p.quoted(v)
}

func (p *parser) quoted(v *string) {
	p.lit(`"`)
	if p.bad != "" {
		return
	}
	s, rest, ok := unescape(p.rest, p.keep)
	if !ok {
		p.fail("a text is not written as it must be, or too long")
		return
	}
	*v, p.rest = s, rest
}

func (p *parser) texts(key string, v *[]string) {
	p.key(key)
	p.lit("[")
	start := len(p.rest)
	for n := 0; !p.ends(); n++ {
		if n > 0 {
			p.lit(",")
		}
		var s string
		p.quoted(&s)
		if n == mostTexts || start-len(p.rest) > mostList {
			p.fail("a list is too long")
		}
		if p.keep {
			*v = append(*v, s)
		}
	}
}

// ends takes the end of a list.
func (p *parser) ends() bool {
	if p.bad == "" && len(p.rest) > 0 && p.rest[0] == ']' {
		p.rest = p.rest[1:]
		return true
	}
	return p.bad != ""
}

// digits takes what belongs to a number.
func (p *parser) digits() []byte {
	n := 0
	for n < len(p.rest) && (p.rest[n] >= '0' && p.rest[n] <= '9' || n == 0 && p.rest[n] == '-') {
		n++
	}
	d := p.rest[:n]
	p.rest = p.rest[n:]
	return d
}

// unsigned reads a number of no sign and no leading zero.
func (p *parser) unsigned() (v uint64) {
	d := p.digits()
	if len(d) == 0 || len(d) > 1 && d[0] == '0' || d[0] == '-' {
		p.fail("a number is not written as it must be")
		return 0
	}
	for _, c := range d {
		digit := uint64(c - '0')
		if v > (1<<64-1-digit)/10 {
			p.fail("a number is too large")
			return 0
		}
		v = v*10 + digit
	}
	return v
}

func (p *parser) number(key string, v *int64) {
	p.key(key)
	*v = p.signed()
}

func (p *parser) signed() int64 {
	negative := len(p.rest) > 1 && p.rest[0] == '-'
	if negative {
		p.rest = p.rest[1:]
	}
	u := p.unsigned()
	switch {
	case negative && (u == 0 || u > 1<<63), !negative && u > 1<<63-1:
		p.fail("a number is too large")
		return 0
	case negative:
		return -int64(u) // of 1<<63 too
	}
	return int64(u)
}

func (p *parser) integer(key string, v *int) {
	var n int64
	p.number(key, &n)
	*v = int(n)
}

func (p *parser) maybe(key string, v **int) {
	p.key(key)
	*v = nil
	if len(p.rest) > 0 && p.rest[0] == 'n' {
		p.lit("null")
		return
	}
	n := int(p.signed())
	if p.keep && p.bad == "" {
		*v = &n
	}
}

func (p *parser) words(key string, v *[]uint64) {
	p.key(key)
	p.lit("[")
	for n := 0; !p.ends(); n++ {
		if n > 0 {
			p.lit(",")
		}
		w := p.word()
		if n == mostWords {
			p.fail("a call has six arguments")
		}
		if p.keep {
			*v = append(*v, w)
		}
	}
}

// word reads an argument of a call.
func (p *parser) word() (w uint64) {
	p.lit(`"0x`)
	n := bytes.IndexByte(p.rest, '"')
	if n < 1 || n > 16 || n > 1 && p.rest[0] == '0' {
		p.fail("an argument is not written as it must be")
		return 0
	}
	for _, c := range p.rest[:n] {
		d, ok := hexValue(c)
		if !ok {
			p.fail("an argument is not written as it must be")
			return 0
		}
		w = w<<4 | uint64(d)
	}
	p.rest = p.rest[n+1:]
	return w
}

func (p *parser) flag(v *bool) {
	*v = len(p.rest) > 0 && p.rest[0] == 't'
	p.lit(strconv.FormatBool(*v))
}

// readHash reads a hash in hexadecimal.
func readHash(s string) (h Hash, ok bool) {
	if len(s) != hex.EncodedLen(len(h)) {
		return h, false
	}
	for _, c := range []byte(s) {
		if _, ok := hexValue(c); !ok {
			return h, false
		}
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err == nil
}
