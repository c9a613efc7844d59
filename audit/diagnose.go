package audit

import "fmt"

const (
	mostRecent  = 256 // lines that a copy is looked for among
	mostMissing = 64  // gaps that are remembered, to know what stands elsewhere
)

// gap is numbers whose lines are not where they belong.
type gap struct{ from, to uint64 }

// follows says whether a line belongs behind the last that is where it belongs.
func (w *walker) follows(m *mark) bool {
	return m.ok && m.seq == w.anchor.seq+1 && m.prev == w.anchor.hash
}

func (w *walker) accept(m *mark) {
	w.anchor = *m
	if m.seq == 1 {
		w.first = m.hash
	}
	if w.report.First == 0 {
		w.report.First = m.seq
	}
	w.report.Last = max(w.report.Last, m.seq)
	if m.seq == w.head.count {
		w.atHead = m.hash
	}
	if len(w.recent) < mostRecent {
		w.recent = append(w.recent, *m)
		return
	}
	w.recent[w.at] = *m
	w.at = (w.at + 1) % mostRecent
}

// next takes a line.
func (w *walker) next(m mark) {
	p, a := w.pending, &w.anchor
	switch {
	case p == nil && w.follows(&m):
		w.accept(&m)
	case p == nil:
		w.store = m
		w.pending = &w.store
	case !p.ok && !m.ok:
		p.last = m.line
	case m.ok && p.ok && p.seq == a.seq+2 && m.seq == a.seq+1 && m.prev == a.hash && p.prev == m.hash:
		w.problem(p, Moved, fmt.Sprintf("lines %d and %d are swapped", p.line, m.line))
		w.accept(&m)
		w.settled(p)
	case w.follows(&m):
		w.foreign(p)
		w.settled(&m)
	case m.ok && p.ok && m.seq == p.seq+1 && m.prev == p.hash:
		w.broken(p)
		w.accept(p)
		w.settled(&m)
	case m.ok && p.ok && p.seq == a.seq+1 && m.seq == p.seq+1:
		w.problem(p, Edited, fmt.Sprintf("it is not the line that was written here: it does not follow on the one before, and its hash is not what line %d says", m.line))
		w.settled(&m)
	case m.ok && p.ok && m.seq == a.seq+2:
		w.problem(p, Moved, fmt.Sprintf("it is seq %d, and stands where seq %d belongs", p.seq, a.seq+1))
		w.settled(&m)
	case m.ok && !p.ok && m.seq > a.seq+1:
		w.problem(p, Edited, p.those()+" of a log any more, where "+seqs(a.seq+1, m.seq-1)+" belongs")
		w.settled(&m)
	default:
		w.give(p)
		w.next(m)
	}
}

// those begins to say what lines are that are none.
func (m *mark) those() string {
	if m.last > m.line {
		return fmt.Sprintf("lines %d to %d are no lines", m.line, m.last)
	}
	return "it is no line"
}

// settled goes on behind a line.
func (w *walker) settled(m *mark) {
	w.accept(m)
	w.pending = nil
}

// give reports what is pending by itself, when what comes next does not help.
func (w *walker) give(p *mark) {
	w.pending = nil
	if !p.ok {
		w.problem(p, Edited, p.those()+" of a log")
		return
	}
	w.broken(p)
	w.accept(p)
}

// foreign reports a line between two that belong together.
func (w *walker) foreign(p *mark) {
	switch old := w.copied(p); {
	case !p.ok:
		w.problem(p, Inserted, p.those()+" of a log, and stands between two that belong together")
	case old != nil:
		w.problem(p, Duplicate, "it is a copy of "+w.where(old))
	case w.isMissing(p.seq):
		w.problem(p, Moved, fmt.Sprintf("it belongs behind seq %d", p.seq-1))
	default:
		w.problem(p, Inserted, "it stands between two lines that belong together")
	}
}

// broken says why a line that the next one confirms does not follow on the last.
func (w *walker) broken(p *mark) {
	a := &w.anchor
	switch old := w.copied(p); {
	case old != nil:
		w.problem(p, Duplicate, "it is a copy of "+w.where(old))
	case p.seq == a.seq+1 && a.seq == 0:
		w.problem(p, Edited, "it is no first line: it names a line before it")
	case p.seq == a.seq+1:
		w.problem(a, Edited, "its hash is not what "+w.where(p)+" says")
	case p.seq > a.seq+1:
		w.lacks(p)
	case p.seq == a.seq:
		w.problem(p, Edited, "it has the number of "+w.where(a)+", and another content")
	case w.isMissing(p.seq):
		w.problem(p, Moved, fmt.Sprintf("it belongs behind seq %d", p.seq-1))
	default:
		w.problem(p, Moved, fmt.Sprintf("the numbers go back here, from %d to %d", a.seq, p.seq))
	}
}

func (w *walker) lacks(p *mark) {
	from, to := w.anchor.seq+1, p.seq-1
	if len(w.missing) < mostMissing {
		w.missing = append(w.missing, gap{from, to})
	}
	verb := " is missing"
	if to > from {
		verb = " are missing"
	}
	w.problem(p, Missing, seqs(from, to)+verb+" before it")
}

func (w *walker) isMissing(seq uint64) bool {
	for _, g := range w.missing {
		if seq >= g.from && seq <= g.to {
			return true
		}
	}
	return false
}

// copied finds the line that another is a copy of, nil if none of late was.
func (w *walker) copied(p *mark) *mark {
	for i := range w.recent {
		if p.ok && w.recent[i].hash == p.hash {
			return &w.recent[i]
		}
	}
	return nil
}

// where names a line, with its file where that is another than the one that is read.
func (w *walker) where(m *mark) string {
	if m.name != w.name {
		return fmt.Sprintf("line %d of %s", m.line, m.name)
	}
	return fmt.Sprintf("line %d", m.line)
}

// finish holds the end of the log to its head.
func (w *walker) finish(s *snapshot) {
	if p := w.pending; p != nil {
		w.last(p)
	}
	h, a := &w.head, &w.anchor
	file := mark{file: s.path, name: w.name}
	if a.line > 0 {
		file = *a
	}
	w.report.Head = HeadDiffers
	switch {
	case h.empty:
		w.report.Head = HeadMissing
		w.headProblem(s, "it is gone: nothing vouches for the last line, nor that it is the last")
	case !h.there:
		w.report.Head = HeadDamaged
		w.headProblem(s, "it is no head")
	case w.ofAnother():
		w.headProblem(s, "it is the head of another log")
	case a.seq < h.count:
		w.problem(&file, Cut, fmt.Sprintf("the tail is cut: the head counts %d, the file ends with seq %d", h.count, a.seq))
	case w.told:
	case h.count > 0 && w.atHead != h.hash:
		if len(w.report.Problems) == 0 || a.seq == h.count {
			w.problem(&file, Edited, fmt.Sprintf("the hash of seq %d is not what the head says", h.count))
		}
	case a.seq > h.count:
		w.report.Head = HeadBehind
		w.problem(&file, Behind, seqs(h.count+1, a.seq)+" stands behind the last line that the head knows")
	case len(w.report.Problems) == 0 && h.size != s.files[len(s.files)-1].size:
		w.problem(&file, Edited, fmt.Sprintf("the file has %d bytes, and its head says %d", s.files[len(s.files)-1].size, h.size))
	default:
		w.report.Head = HeadFits
	}
	w.signature(s)
}

// last settles a line that no other comes behind: the head may tell.
func (w *walker) last(p *mark) {
	h := &w.head
	ends := h.there && h.count == w.anchor.seq && h.hash == w.anchor.hash
	w.pending = nil
	switch {
	case ends:
		w.foreign(p)
	case p.ok && p.seq == w.anchor.seq+1 && !(h.there && h.hash == p.hash):
		w.problem(p, Edited, "it does not follow on the line before, and is not what the head says")
		w.accept(p)
		w.told = true
	default:
		w.give(p)
	}
}

// ofAnother says whether a head is of a log that begins otherwise, where nothing
// else is wrong.
func (w *walker) ofAnother() bool {
	var none Hash
	h := &w.head
	return len(w.report.Problems) == 0 && h.log != none && w.first != none && h.log != w.first && w.atHead != h.hash
}

func (w *walker) headProblem(s *snapshot, text string) {
	w.report.add(Problem{File: headOf(s.path), Kind: Head, Text: text})
}

// signature says whether somebody vouches for the head.
func (w *walker) signature(s *snapshot) {
	text := ""
	switch h := &w.head; {
	case !h.there:
	case h.by == ours:
		w.report.Signed = true
	case h.by == forged:
		text = "its signature is false"
	case w.keyed && h.by == unsigned:
		text = "it is not signed"
	case w.keyed:
		text = "it is signed with another key than those that were given"
	}
	if text != "" {
		w.report.add(Problem{File: headOf(s.path), Kind: Signature, Text: text})
	}
}
