package audit

import "strconv"

// Value is one value of an event, in its own kind: what a sink that knows kinds
// shows.
type Value struct {
	Key    string // as in a line
	Detail bool   // it stands in the detail
	Is     any    // a string, an int64 or a []string; texts are bounded and escaped as in a line
}

// Values lists what an event says, its type first, with secrets taken out. Empty texts
// and lists are left out, and numbers that are not known.
func (e *Event) Values(r *Redactor) []Value {
	v := &typed{redactor: r, all: make([]Value, 0, 16)}
	v.add("type", string(e.Detail.Type()))
	for _, n := range [...]Value{{Key: "mono_ns", Is: e.MonoNS}, {Key: "pid", Is: int64(e.PID)}, {Key: "inner_pid", Is: int64(e.InnerPID)}} {
		if n.Is != int64(0) {
			v.all = append(v.all, n)
		}
	}
	v.text("jail", &e.Jail)
	v.text("program", &e.Program)
	v.text("policy", &e.Policy)
	v.detail = true
	e.Detail.visit(v)
	return v.all
}

type typed struct {
	all      []Value
	redactor *Redactor
	detail   bool
}

func (t *typed) add(key string, v any) { t.all = append(t.all, Value{key, t.detail, v}) }

func (t *typed) text(key string, v *string) {
	if *v != "" {
		t.add(key, plain(t.redactor.Redact(*v)))
	}
}

func (t *typed) texts(key string, v *[]string) {
	var list []string
	length := 0
	for _, s := range *v {
		if len(list) == mostTexts || length > mostList {
			break
		}
		text := plain(t.redactor.Redact(s))
		list, length = append(list, text), length+len(text)
	}
	if list != nil {
		t.add(key, list)
	}
}

func (t *typed) number(key string, v *int64) { t.add(key, *v) }
func (t *typed) integer(key string, v *int)  { t.add(key, int64(*v)) }

func (t *typed) maybe(key string, v **int) {
	if *v != nil {
		t.add(key, int64(**v))
	}
}

func (t *typed) words(key string, v *[]uint64) {
	var list []string
	for _, w := range *v {
		list = append(list, "0x"+strconv.FormatUint(w, 16))
	}
	if list != nil {
		t.add(key, list)
	}
}
