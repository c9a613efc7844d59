package audit

import (
	"encoding/hex"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds of a line, in bytes as they are written: the texts and lists of one line
// fit into it together, which a test holds.
const (
	MostLine  = 64 << 10 // a whole line
	mostText  = 4096     // each text
	mostTexts = 64       // texts in a list
	mostList  = 20 << 10 // all texts of a list
	mostWords = 6        // arguments of a call
)

const lineHead = `{"schema":"` + Schema + `","seq":`

// timeForm is RFC 3339 with all nine digits of a nanosecond.
const timeForm = "2006-01-02T15:04:05.000000000Z"

// Hash is SHA-256 of a line.
type Hash [32]byte

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String gives.
func ParseHash(s string) (Hash, error) {
	h, ok := readHash(s)
	if !ok {
		return h, &Error{Object: "hash", Err: ErrOption, Hint: "it has 64 small hexadecimal digits"}
	}
	return h, nil
}

// appendHead begins a line. What follows, from its type on, is its body.
func appendHead(b []byte, seq uint64, prev *Hash) []byte {
	b = strconv.AppendUint(append(b, lineHead...), seq, 10)
	b = hex.AppendEncode(append(b, `,"prev":"`...), prev[:])
	return append(b, `",`...)
}

// encoder writes bodies. It is kept, so that an event costs no memory.
type encoder struct {
	buf      []byte
	redactor *Redactor
	comma    bool // something stands before the next key
	cut      bool // something did not fit
}

// body appends what an event has to say.
func (e *encoder) body(b []byte, ev *Event) []byte {
	e.buf, e.comma, e.cut = b, false, false
	d := ev.Detail
	e.key("type")
	e.buf = append(append(append(e.buf, '"'), d.Type()...), '"')
	e.key("time")
	e.time(ev.Time)
	e.key("mono_ns")
	e.buf = strconv.AppendInt(e.buf, monotonic(ev.MonoNS), 10)
	e.text("jail", &ev.Jail)
	e.integer("pid", &ev.PID)
	e.integer("inner_pid", &ev.InnerPID)
	e.text("program", &ev.Program)
	e.text("policy", &ev.Policy)
	e.key("detail")
	e.buf, e.comma = append(e.buf, '{'), false
	d.visit(e)
	e.buf, e.comma = append(e.buf, '}'), true
	e.key("truncated")
	e.buf = strconv.AppendBool(e.buf, e.cut)
	b, e.buf = append(e.buf, '}'), nil
	return b
}

func (e *encoder) key(k string) {
	if e.comma {
		e.buf = append(e.buf, ',')
	}
	e.comma = true
	e.buf = append(append(append(e.buf, '"'), k...), '"', ':')
}

// time writes a time; of a year that RFC 3339 can't tell, this very moment.
func (e *encoder) time(t time.Time) {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 || t.IsZero() {
		t = time.Now().UTC()
	}
	e.buf = t.AppendFormat(append(e.buf, '"'), timeForm)
	e.buf = append(e.buf, '"')
}

func monotonic(ns int64) int64 {
	if ns != 0 {
		return ns
	}
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // it can't fail: the clock exists, and ts is ours
	return ts.Nano()
}

func (e *encoder) text(key string, v *string) {
	e.key(key)
	e.quoted(*v, mostText)
}

// quoted writes a text, redacted before it is cut, so that no secret is cut in two
// and then not known.
func (e *encoder) quoted(s string, room int) {
	var whole bool
	e.buf, whole = appendEscaped(append(e.buf, '"'), e.redactor.Redact(s), room)
	e.buf = append(e.buf, '"')
	e.cut = e.cut || !whole
}

func (e *encoder) texts(key string, v *[]string) {
	e.key(key)
	e.buf = append(e.buf, '[')
	start := len(e.buf)
	for i, s := range *v {
		room := mostList - (len(e.buf) - start) - len(`,""]`)
		if i == mostTexts || room <= 0 {
			e.cut = true
			break
		}
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		e.quoted(s, min(room, mostText))
	}
	e.buf = append(e.buf, ']')
}

func (e *encoder) number(key string, v *int64) {
	e.key(key)
	e.buf = strconv.AppendInt(e.buf, *v, 10)
}

func (e *encoder) integer(key string, v *int) {
	e.key(key)
	e.buf = strconv.AppendInt(e.buf, int64(*v), 10)
}

func (e *encoder) maybe(key string, v **int) {
	e.key(key)
	if *v == nil {
		e.buf = append(e.buf, "null"...)
		return
	}
	e.buf = strconv.AppendInt(e.buf, int64(**v), 10)
}

func (e *encoder) words(key string, v *[]uint64) {
	e.key(key)
	e.buf = append(e.buf, '[')
	for i, w := range *v {
		if i == mostWords {
			e.cut = true
			break
		}
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		e.buf = strconv.AppendUint(append(e.buf, `"0x`...), w, 16)
		e.buf = append(e.buf, '"')
	}
	e.buf = append(e.buf, ']')
}
