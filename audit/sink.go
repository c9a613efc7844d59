package audit

import (
	"strconv"
	"strings"
)

// Field is one value of an event, as text: what a sink that is no log of ours
// shows. Texts are bounded and escaped as in a line.
type Field struct{ Key, Value string }

// Fields lists what an event says, its type first, with secrets taken out; what is
// empty is left out.
func (e *Event) Fields(r *Redactor) []Field {
	f := &flat{redactor: r}
	f.add("type", string(e.Detail.Type()))
	f.text("jail", &e.Jail)
	f.integer("pid", &e.PID)
	f.integer("inner_pid", &e.InnerPID)
	f.text("program", &e.Program)
	f.text("policy", &e.Policy)
	e.Detail.visit(f)
	return f.all
}

type flat struct {
	all      []Field
	redactor *Redactor
}

func (f *flat) add(key, v string) { f.all = append(f.all, Field{key, v}) }

func (f *flat) text(key string, v *string) {
	if *v != "" {
		f.add(key, plain(f.redactor.Redact(*v)))
	}
}

func (f *flat) texts(key string, v *[]string) {
	var b strings.Builder
	for i, s := range *v {
		if i == mostTexts || b.Len() > mostList {
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quoted(f.redactor.Redact(s)))
	}
	if b.Len() > 0 {
		f.add(key, b.String())
	}
}

func (f *flat) number(key string, v *int64) {
	if *v != 0 {
		f.add(key, strconv.FormatInt(*v, 10))
	}
}

func (f *flat) integer(key string, v *int) {
	n := int64(*v)
	f.number(key, &n)
}

func (f *flat) maybe(key string, v **int) {
	if *v != nil {
		f.add(key, strconv.Itoa(**v))
	}
}

func (f *flat) words(key string, v *[]uint64) {
	p := &printer{}
	p.words(key, v)
	if _, value, ok := strings.Cut(p.b.String(), "="); ok {
		f.add(key, value)
	}
}

// Several are sinks that all get each event.
type Several []Sink

// Emit gives an event to each.
func (s Several) Emit(e Event) {
	for _, sink := range s {
		sink.Emit(e)
	}
}
