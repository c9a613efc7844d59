package audit

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/mod/sumdb/note"
)

// VerifyOptions say how a log is checked.
type VerifyOptions struct {
	Keys    []string        // public keys; with some, the head and each checkpoint must be signed by one
	Rotated bool            // check FILE.1, FILE.2 … too, as far as they are there
	Follow  safepath.Follow // which links on the way may be followed
}

// Verify reads a log and says what is wrong with it. It takes the log's lock for a
// moment, to see file and head as they are between two writes, and reads in
// constant memory.
//
// Without keys it finds every change of the file that does not change the head too,
// and none of one who has written both anew. With keys it finds those as well. An
// older file with its own older head, both put back, can't be told from the log at
// that time: compare Last with a head that was copied away.
//
// The error is of what can't be read, or is no log at all (ErrNotLog, ErrEmpty).
func Verify(ctx context.Context, path string, o VerifyOptions) (*Report, error) {
	known, err := verifiers(o.Keys)
	if err != nil {
		return nil, err
	}
	s, err := snap(ctx, path, &o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	w := walker{report: &Report{Problems: []Problem{}}, known: known, keyed: len(o.Keys) > 0, head: s.head(known), recent: make([]mark, 0, mostRecent)}
	for i := range s.files {
		if err := w.file(ctx, &s.files[i]); err != nil {
			return nil, err
		}
	}
	if w.good == 0 && (w.report.Lines > 0 || !w.head.there) {
		return nil, s.notLog(w.report.Lines)
	}
	w.finish(s)
	return w.report, nil
}

func verifiers(keys []string) (note.Verifiers, error) {
	var list []note.Verifier
	for _, k := range keys {
		v, err := ReadPublicKey(k)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return note.VerifierList(list...), nil
}

func (s *snapshot) notLog(lines uint64) error {
	file := s.files[len(s.files)-1].path
	if lines == 0 {
		return &Error{Op: "verify", Object: file, Err: ErrEmpty, Hint: "and it has no head: nothing was ever written to it, or both are gone"}
	}
	return &Error{Op: "verify", Object: file, Line: 1, Err: ErrNotLog, Detail: "none of its lines is one of a log's", Hint: "name the FILE of jail exec --audit"}
}

// seen is what a head says, and whether it can be believed.
type seen struct {
	head
	by    seal
	there bool // it is there, and a head
	empty bool // there is none
}

func (s *snapshot) head(known note.Verifiers) seen {
	h, by, ok := openHead(headTitle, s.text, known)
	return seen{head: h, by: by, there: ok, empty: len(s.text) == 0}
}

// walker goes through a log. Where a line does not follow on the last that did, it
// waits for the next one, which tells what has become of the two.
type walker struct {
	report  *Report
	parser  parser
	known   note.Verifiers
	keyed   bool
	head    seen
	path    string // of the file that is read
	name    string // of it, in texts
	good    uint64 // lines that are of the form
	anchor  mark   // the last line that is where it belongs; at first one before all
	pending *mark  // a line, or several that are none, that does not follow on it
	store   mark   // what pending points to
	recent  []mark // the last that were accepted
	at      int    // where in recent the next comes
	missing []gap
	first   Hash // of the log's first line, if that was read
	atHead  Hash // of the line that the head counts up to, if that was read
	started bool
	told    bool // that the last line is not what the head says
}

// mark is a line that was read.
type mark struct {
	file       string
	name       string
	line, last int // in its file; last is of several that are no lines
	ok         bool
	seq        uint64
	prev, hash Hash
}

func (w *walker) file(ctx context.Context, f *opened) error {
	w.report.Files = append(w.report.Files, f.path)
	w.path, w.name = f.path, f.name
	r := readLines(io.NewSectionReader(f.file, 0, f.size))
	for n := 0; ; n++ {
		line, whole, err := r.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return failed("read", f.path, err)
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return failed("verify", f.path, ctx.Err())
		}
		w.line(line, r.line, whole)
	}
}

func (w *walker) line(line []byte, number int, whole bool) {
	w.report.Lines++
	seq, prev, kind, ok := w.parser.check(line)
	m := mark{file: w.path, name: w.name, line: number, last: number, ok: ok, seq: seq, prev: prev, hash: sha256.Sum256(line)}
	if ok {
		w.good++
		w.special(kind, line, &m)
	}
	if !whole {
		w.problem(&m, Torn, "the file ends within a line, or without a newline")
		if !ok {
			return
		}
	}
	if ok && !w.started && kind == TypeRotate && seq > 1 {
		w.anchor = mark{seq: seq - 1, hash: prev}
		w.report.Before = seq - 1
		if seq-1 == w.head.count {
			w.atHead = prev // a rotation was stopped before the head was written
		}
	}
	w.started = true
	w.next(m)
}

// special looks into the lines that say something of the log itself.
func (w *walker) special(kind Type, line []byte, m *mark) {
	switch kind {
	case TypeTamper, TypeRecover, TypeDrop, TypeCheckpoint:
	default:
		return
	}
	e, err := Decode(line)
	if err != nil {
		return
	}
	switch d := e.Detail.(type) {
	case *Tamper:
		if e.Jail == "" {
			w.problem(m, Recorded, "the log says of itself: "+plain(d.What))
		}
	case *Recover:
		w.report.Recovered++
	case *Drop:
		w.report.Dropped += d.Count
	case *Checkpoint:
		w.checkpoint(d, m)
	}
}

func (w *walker) checkpoint(d *Checkpoint, m *mark) {
	h, by, ok := openHead(checkpointTitle, []byte(d.Note), w.known)
	switch {
	case !ok || h.count != m.seq-1 || h.hash != m.prev:
		w.problem(m, Signature, "the checkpoint is not of the line before it")
	case by == forged:
		w.problem(m, Signature, "the checkpoint's signature is false")
	case w.keyed && by != ours:
		w.problem(m, Signature, "the checkpoint is not signed with a key that was given")
	case by == ours:
		w.report.Checkpoints++
	}
}

func (w *walker) problem(m *mark, kind Kind, text string) {
	w.report.add(Problem{File: m.file, Line: m.line, Seq: m.seq, Kind: kind, Text: text})
}

// plain shows a text as it is written in a line.
func plain(s string) string {
	b, _ := appendEscaped(nil, s, mostText)
	return string(b)
}

// openFor opens a file that is only read.
func openFor(path string, may safepath.Follow) (*os.File, int64, error) {
	f, err := safepath.OpenInput(path, may)
	if err != nil {
		return nil, 0, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &Error{Op: "read", Object: path, Err: ErrNotRegular, Hint: "name the FILE of jail exec --audit"}
	}
	if err != nil {
		f.Close()
		return nil, 0, failed("read", path, err)
	}
	return f, st.Size(), nil
}

// seqs says which of a log's numbers are meant.
func seqs(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("seq %d", from)
	}
	return fmt.Sprintf("seq %d to %d", from, to)
}
