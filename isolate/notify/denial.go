package notify

import (
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Denial is one kind of refused call: those of one number, error and rule, and for
// a watched call of one object.
// Object, Args and PID are of the first of them.
type Denial struct {
	Layer   string    `json:"layer"` // "seccomp", or what a watched call meets
	Syscall string    `json:"syscall"`
	Object  string    `json:"object,omitempty"` // what it was about, printable ASCII
	Args    [6]uint64 `json:"args"`
	Errno   string    `json:"errno"` // "EPERM"; "": the call was never answered
	Count   int64     `json:"count"`
	Rule    string    `json:"rule,omitempty"`
	Fix     string    `json:"fix,omitempty"`
	FirstNS int64     `json:"first_ns"` // since the listener was made, on CLOCK_MONOTONIC
	LastNS  int64     `json:"last_ns"`
	PID     int       `json:"pid"`
}

// Other is the Syscall of the row that counts what had no room in the record.
const Other = "other"

// key is what calls of one row have in common.
type key struct {
	nr    int32
	arch  uint32
	errno unix.Errno
	rule  string
	what  string // where that tells rows apart
}

// record is the rows so far, at most limit, and one for the rest.
type record struct {
	limit int
	rows  map[key]*Denial
	other *Denial
}

// note counts a suspicious call, and describes it if it is the first of its row.
func (l *Listener) note(c *Call, errno unix.Errno, rule, fix string) {
	l.noteRefusal(c, &Refusal{Layer: "seccomp", Errno: errno, Rule: rule, Fix: fix})
}

// Note counts what another wall has refused a call, of which somebody else has
// heard. It is for the loop's goroutine.
func (l *Listener) Note(call string, pid int, f Refusal) {
	l.noteRefusal(&Call{Syscall: call, PID: pid, NR: -1}, &f)
}

// noteRefusal counts a call. Those with an Object of their own are a row for each.
func (l *Listener) noteRefusal(c *Call, f *Refusal) {
	r := &l.record
	now := int64(time.Since(l.began)) // which a step of the host's clock doesn't move
	k := key{c.NR, c.Arch, f.Errno, f.Rule, f.Object}
	if c.NR < 0 {
		k.what += " " + c.Syscall
	}
	d := r.rows[k]
	switch {
	case d != nil:
	case len(r.rows) < r.limit:
		d = l.describe(c, f, now)
		if r.rows == nil {
			r.rows = make(map[key]*Denial)
		}
		r.rows[k] = d
	default:
		if r.other == nil {
			r.other = &Denial{Layer: "seccomp", Syscall: Other, FirstNS: now,
				Rule: "more than " + strconv.Itoa(r.limit) + " distinct denials"}
		}
		d = r.other
	}
	d.Count++
	d.LastNS = now
	if d.Count == 1 && l.o.OnDenial != nil {
		l.o.OnDenial(*d)
	}
}

func (l *Listener) describe(c *Call, f *Refusal, now int64) *Denial {
	d := &Denial{Layer: f.Layer, Syscall: c.Syscall, Object: f.Object, Args: c.Args, Errno: unix.ErrnoName(f.Errno),
		Rule: f.Rule, Fix: f.Fix, FirstNS: now, PID: c.PID}
	if d.Object == "" && !c.Foreign && c.NR >= 0 {
		d.Object = l.object(c)
	}
	return d
}

func (r *record) denials() []Denial {
	list := make([]Denial, 0, len(r.rows)+1)
	for _, d := range r.rows {
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b Denial) int {
		if a.FirstNS != b.FirstNS {
			return int(min(max(a.FirstNS-b.FirstNS, -1), 1))
		}
		return slices.Compare([]string{a.Syscall, a.Rule}, []string{b.Syscall, b.Rule})
	})
	if r.other != nil {
		list = append(list, *r.other) // its first call came after all of the rows' first
	}
	return list
}
