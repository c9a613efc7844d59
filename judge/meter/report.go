package meter

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// Key is what records are grouped by: "tenant", "day" (of UTC, when the run
// began) or "label:K".
type Key string

// The keys, beside labels.
const (
	ByTenant Key = "tenant"
	ByDay    Key = "day"
	labelKey     = "label:"
)

// ParseKeys reads a list with commas.
func ParseKeys(text string) (keys []Key, err error) {
	for word := range strings.SplitSeq(text, ",") {
		key := Key(word)
		name, isLabel := strings.CutPrefix(word, labelKey)
		switch {
		case isLabel && !IsLabelKey(name), !isLabel && key != ByTenant && key != ByDay:
			return nil, &Error{Key: "--by", Value: word, Err: ErrValue, Hint: "use tenant, day and label:KEY, as tenant,day,label:course"}
		case slices.Contains(keys, key):
			return nil, &Error{Key: "--by", Value: word, Err: ErrTwice, Hint: "name it once"}
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Report sums up meter files.
type Report struct {
	keys   []Key
	prices *Prices // nil: no cost
	groups map[string]*group
	name   []byte // of a group, built anew for each record
	seen   []os.FileInfo
	bad    []error
	more   int // bad lines that are only counted
}

// group is the sums of all records with the same keys.
type group struct {
	keys       []*string // nil: the record has no such label
	runs       int64
	unfinished int64
	sum        [figures]sum
	known      [figures]bool // by one record at least
}

// NewReport makes a report without any record.
func NewReport(keys []Key, prices *Prices) *Report {
	return &Report{keys: keys, prices: prices, groups: map[string]*group{}}
}

// mostBad bounds the errors that are kept.
const mostBad = 20

// AddFile adds a meter file's records, and those of runs whose supervisors have
// died and that nobody has put into the file yet. Runs that go on are not in it.
// A line that is no record is kept for Bad, and the others are counted. The
// error is of a file that can't be read; then nothing more must be made of the
// report.
func (r *Report) AddFile(path string, may safepath.Follow) error {
	f, err := safepath.OpenInput(path, may)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := r.once(f); err != nil {
		return err
	}
	size, dead, err := readDead(f, path, may)
	if err != nil {
		return err
	}
	return r.add(f, size, dead)
}

func (r *Report) once(f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return failed("read", f, err)
	}
	for _, old := range r.seen {
		if os.SameFile(old, st) {
			return &Error{Op: "read", Object: f.Name(), Err: ErrTwice, Hint: "each run would be counted twice"}
		}
	}
	r.seen = append(r.seen, st)
	return nil
}

// readDead gives the runs in the table whose supervisors are dead, and how long
// the file was at that time: what comes later belongs to the next report.
func readDead(f *os.File, path string, may safepath.Follow) (size int64, dead []place, err error) {
	if err := lock(f, unix.LOCK_SH); err != nil {
		return 0, nil, err
	}
	defer unlock(f)
	st, err := f.Stat()
	if err != nil {
		return 0, nil, failed("read", f, err)
	}
	table, err := safepath.OpenInput(tableOf(path), may)
	switch {
	case errors.Is(err, unix.ENOENT):
		return st.Size(), nil, nil
	case err != nil:
		return 0, nil, err
	}
	defer table.Close()
	used, _, err := readTable(table)
	if err != nil {
		return 0, nil, failed("read", table, err)
	}
	return st.Size(), slices.DeleteFunc(used, func(p place) bool { return p.held }), nil
}

// add reads the file, and then the dead runs that it did not hold.
func (r *Report) add(f *os.File, size int64, dead []place) error {
	var e entry
	pending := waiting(dead)
	for l := readLines(io.NewSectionReader(f, 0, size)); ; {
		text, whole, err := l.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return failed("read", f, err)
		}
		if err := e.parse(text); err != nil {
			r.refuse(f.Name(), l.line, err, !whole && isTorn(text), len(dead) > 0)
			continue
		}
		r.count(&e)
		if len(pending) > 0 {
			delete(pending, string(e.id))
		}
	}
	for _, p := range pending {
		if e.parse(bytes.TrimSuffix(p.line(), []byte("\n"))) == nil {
			r.count(&e)
		}
	}
	return nil
}

// waiting gives dead runs by the id that their line in the file has.
func waiting(dead []place) map[string]*place {
	pending := map[string]*place{}
	var e entry
	for i := range dead {
		if e.parse(bytes.TrimSuffix(dead[i].line(), []byte("\n"))) == nil {
			pending[string(e.id)] = &dead[i]
		}
	}
	return pending
}

// refuse keeps a bad line. The half of one at the end, of a supervisor that was
// killed over it, is none where the run itself stands in the table.
func (r *Report) refuse(file string, line int, err error, torn, inTable bool) {
	if torn && inTable {
		return
	}
	if len(r.bad) == mostBad {
		r.more++
		return
	}
	var e *Error
	if errors.As(err, &e) {
		e.Object, e.Line = file, line
		if torn {
			*e = Error{Object: file, Line: line, Key: "the last line", Err: ErrTorn, Hint: "whoever wrote it was stopped; the next run cuts it off"}
		}
	}
	r.bad = append(r.bad, err)
}

// Bad lists the lines that were no records, up to 20 of them, and says how many
// more there were.
func (r *Report) Bad() (list []error, more int) { return r.bad, r.more }

// count adds a record to its group.
func (r *Report) count(e *entry) {
	r.name = r.name[:0]
	for _, k := range r.keys {
		r.name = append(append(r.name, k.of(e)...), 0xff) // no UTF-8 has that byte
		if k.of(e) == nil {
			r.name = append(r.name, 0xfe)
		}
	}
	g := r.groups[string(r.name)]
	if g == nil {
		g = r.group(e)
	}
	g.count(e)
}

func (r *Report) group(e *entry) *group {
	g := &group{}
	for _, k := range r.keys {
		var value *string
		if text := k.of(e); text != nil {
			value = new(string(text))
		}
		g.keys = append(g.keys, value)
	}
	r.groups[string(r.name)] = g
	return g
}

// of gives a record's value, nil for a label that it has not.
func (k Key) of(e *entry) []byte {
	switch k {
	case ByTenant:
		return e.tenant
	case ByDay:
		return e.day()
	}
	return e.label(string(k[len(labelKey):]))
}

func (g *group) count(e *entry) {
	g.runs++
	if e.unfinished {
		g.unfinished++
	}
	for f := range figures {
		if e.known[f] {
			g.known[f] = true
			g.sum[f].add(e.value[f])
		}
	}
}

// add adds a group's sums.
func (g *group) add(x *group) {
	g.runs += x.runs
	g.unfinished += x.unfinished
	for f := range figures {
		g.known[f] = g.known[f] || x.known[f]
		g.sum[f].add(x.sum[f])
	}
}

// sorted gives the groups in the order of their keys; one without comes first.
func (r *Report) sorted() []*group {
	list := make([]*group, 0, len(r.groups))
	for _, g := range r.groups {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *group) int {
		for i := range a.keys {
			if c := compare(a.keys[i], b.keys[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	return list
}

func compare(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return strings.Compare(*a, *b)
}
