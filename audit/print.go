package audit

import (
	"strconv"
	"strings"
)

// printer shows a detail for a person, as key=value. Texts are escaped as in the
// log, so nothing in them can act on a terminal; what is empty is left out.
type printer struct{ b strings.Builder }

// Words shows an entry in one line of printable ASCII.
func (e *Entry) Words() string {
	p := &printer{}
	p.b.WriteString(strconv.FormatUint(e.Seq, 10) + " " + e.Time.UTC().Format(timeForm) + " " + string(e.Type()))
	p.text("jail", &e.Jail)
	p.integer("pid", &e.PID)
	p.integer("inner_pid", &e.InnerPID)
	p.text("program", &e.Program)
	e.Detail.visit(p)
	if e.Truncated {
		p.b.WriteString(" (truncated)")
	}
	return p.b.String()
}

func (p *printer) key(k string) { p.b.WriteString(" " + k + "=") }

func (p *printer) text(key string, v *string) {
	if *v == "" {
		return
	}
	p.key(key)
	p.b.WriteString(quoted(*v))
}

// quoted shows a text, in quotes where it is more than a word.
func quoted(s string) string {
	text := plain(s)
	if text != s || s == "" || strings.ContainsAny(s, " =,[]()") {
		return `"` + text + `"`
	}
	return text
}

func (p *printer) texts(key string, v *[]string) {
	if len(*v) == 0 {
		return
	}
	p.key(key)
	for i, s := range *v {
		if i > 0 {
			p.b.WriteByte(',')
		}
		p.b.WriteString(quoted(s))
	}
}

func (p *printer) number(key string, v *int64) {
	if *v != 0 {
		p.key(key)
		p.b.WriteString(strconv.FormatInt(*v, 10))
	}
}

func (p *printer) integer(key string, v *int) {
	n := int64(*v)
	p.number(key, &n)
}

func (p *printer) maybe(key string, v **int) {
	if *v != nil {
		p.key(key)
		p.b.WriteString(strconv.Itoa(**v))
	}
}

func (p *printer) words(key string, v *[]uint64) {
	if len(*v) == 0 {
		return
	}
	p.key(key)
	for i, w := range *v {
		if i > 0 {
			p.b.WriteByte(',')
		}
		p.b.WriteString("0x" + strconv.FormatUint(w, 16))
	}
}
