package audit

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Filter says which entries are wanted; the zero value is all.
type Filter struct {
	Jail  string
	Type  Type
	Since time.Time
}

// Takes says whether an entry is wanted.
func (f *Filter) Takes(e *Entry) bool {
	return (f.Jail == "" || e.Jail == f.Jail) && (f.Type == "" || e.Type() == f.Type) && !e.Time.Before(f.Since)
}

// Exporter writes entries in another form.
type Exporter interface {
	Add(e *Entry, line []byte) error
	End() error
}

// JSONArray writes the lines as they stand as the elements of one array.
func JSONArray(w io.Writer) Exporter { return &array{w: w} }

type array struct {
	w    io.Writer
	some bool
}

func (a *array) Add(_ *Entry, line []byte) error {
	sign := "[\n"
	if a.some {
		sign = ",\n"
	}
	a.some = true
	_, err := a.w.Write(append([]byte(sign), line...))
	return err
}

func (a *array) End() error {
	text := "\n]\n"
	if !a.some {
		text = "[]\n"
	}
	_, err := io.WriteString(a.w, text)
	return err
}

// CSV writes comma-separated values with a line of names (RFC 4180). Texts are
// escaped as in the log, and so is a sign at their beginning that a spreadsheet
// would take for a formula's; the detail is its JSON.
func CSV(w io.Writer) Exporter { return &table{w: csv.NewWriter(w)} }

type table struct {
	w    *csv.Writer
	head bool
}

func (t *table) Add(e *Entry, line []byte) error {
	if err := t.names(); err != nil {
		return err
	}
	_, detail, _ := bytes.Cut(line, []byte(`,"detail":`))
	detail = detail[:max(bytes.LastIndex(detail, []byte(`,"truncated":`)), 0)]
	return t.w.Write([]string{
		strconv.FormatUint(e.Seq, 10), e.Time.UTC().Format(timeForm), strconv.FormatInt(e.MonoNS, 10), string(e.Type()), cell(e.Jail),
		strconv.Itoa(e.PID), strconv.Itoa(e.InnerPID), cell(e.Program), cell(e.Policy), string(detail), strconv.FormatBool(e.Truncated),
	})
}

func (t *table) names() error {
	if t.head {
		return nil
	}
	t.head = true
	return t.w.Write([]string{"seq", "time", "mono_ns", "type", "jail", "pid", "inner_pid", "program", "policy", "detail", "truncated"})
}

func (t *table) End() error {
	if err := t.names(); err != nil {
		return err
	}
	t.w.Flush()
	return t.w.Error()
}

func cell(s string) string {
	text := plain(s)
	if text != "" && bytes.IndexByte([]byte("=+-@"), text[0]) >= 0 {
		return fmt.Sprintf(`\u%04x`, text[0]) + text[1:]
	}
	return text
}
