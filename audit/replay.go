package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"
)

// Mark is a place in a log: behind the line of this number and hash. The zero value
// is the log's beginning.
type Mark struct {
	Seq  uint64
	Hash Hash
}

// Step is one line of a log that is replayed, or what was found besides lines.
type Step struct {
	Entry *Entry // nil for what is no line
	Line  []byte // as it stands, without its newline; it holds until the call returns
	Mark  Mark   // behind it: a later Replay goes on from there
	Bad   error  // why it does not follow on what came before; nil when it does
}

// ReplayOptions say how a log is replayed. The zero value is all that is there, from
// the beginning.
type ReplayOptions struct {
	After Mark            // go on behind this line
	Wait  bool            // for more, until the context ends
	Idle  func() error    // called whenever all that is there was given
	Links safepath.Follow // which links on the way to FILE may be followed
}

// Replay calls f with each line of a log, the older files' first, in the order in
// which they were written, and says of each whether it follows on the one before. An
// error of f's or of Idle's ends it; the end of the context does so without one.
//
// How far a file goes is looked up while nobody writes to it: what a writer takes
// back again, as a disk was full, is not given. Signatures are not checked: that is
// for Verify.
func Replay(ctx context.Context, path string, o ReplayOptions, f func(Step) error) error {
	r := &replay{path: path, o: &o, f: f, chain: links{at: o.After}, lines: readLines(nil)}
	defer r.close()
	var w *os.File
	if o.Wait { // before the first look: nothing that comes after it goes unnoticed
		var err error
		if w, err = watch(path); err != nil {
			return err
		}
		defer w.Close()
		defer context.AfterFunc(ctx, func() { _ = w.SetReadDeadline(time.Unix(1, 0)) })()
	}
	err := r.begin(ctx)
	for err == nil {
		if err = r.catchUp(ctx); err == nil && o.Idle != nil {
			err = o.Idle()
		}
		if err != nil || !o.Wait {
			break
		}
		err = changed(w)
	}
	if ctx.Err() != nil && (errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ctx.Err())) {
		return nil
	}
	return err
}

// replay is how far a log was replayed.
type replay struct {
	path  string
	o     *ReplayOptions
	f     func(Step) error
	file  *os.File
	name  string // of it, for errors; after a rotation it may have another one
	at    int64  // up to here it was given; a line begins there
	line  int    // lines before
	lines *lines // read from it, again and again
	chain links
	cut   bool // that the file is shorter than its head says was told
}

func (r *replay) close() {
	if r.file != nil {
		r.file.Close()
	}
}

// begin opens the log's files as they are at one moment, and keeps the one in which
// the first line that is wanted stands.
func (r *replay) begin(ctx context.Context) error {
	s, err := snap(ctx, r.path, &VerifyOptions{Rotated: true, Follow: r.o.Links})
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.isLog(r.o.Wait); err != nil {
		return err
	}
	from, missing, err := s.find(r.o.After)
	if err != nil {
		return err
	}
	fd, err := unix.FcntlInt(s.files[from.file].file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return failed("read", r.path, err)
	}
	r.file = os.NewFile(uintptr(fd), s.files[from.file].path)
	r.name, r.at, r.line = s.files[from.file].path, from.at, from.line
	if !missing {
		return nil
	}
	r.chain.lost = true
	return r.f(Step{Mark: r.o.After, Bad: &Error{Object: r.path, Err: ErrChain, Detail: "seq " + strconv.FormatUint(r.o.After.Seq, 10) + ", behind which to go on, is not in it any more"}})
}

// isLog refuses what is surely no log.
func (s *snapshot) isLog(mayBeEmpty bool) error {
	const enough = 20
	var p parser
	seen := uint64(0)
	for _, f := range s.files {
		for l := readLines(io.NewSectionReader(f.file, 0, f.size)); seen < enough; seen++ {
			line, _, err := l.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return failed("read", f.path, err)
			}
			if _, _, _, ok := p.check(line); ok {
				return nil
			}
		}
	}
	switch {
	case seen > 0:
		return &Error{Op: "read", Object: s.path, Line: 1, Err: ErrNotLog, Detail: "none of its first lines is one of a log's", Hint: "name the FILE of jail exec --audit"}
	case mayBeEmpty:
		return nil
	}
	return &Error{Op: "read", Object: s.path, Err: ErrEmpty, Hint: "nothing was written to it yet"}
}

// place is where in a log's files a line begins.
type place struct {
	file int
	at   int64
	line int
}

// find gives where the line behind a mark begins. It is missing where that line is
// not there; then it is the first with a higher number, or the log's end.
func (s *snapshot) find(m Mark) (from place, missing bool, err error) {
	if m == (Mark{}) {
		return from, false, nil
	}
	for i := len(s.files) - 1; i >= 0; i-- {
		from, there, err := s.files[i].find(m, i)
		if there || err != nil {
			return from, false, err
		}
	}
	for i := range s.files {
		from, there, err := s.files[i].higher(m.Seq, i)
		if there || err != nil {
			return from, true, err
		}
	}
	last := len(s.files) - 1
	from, err = s.files[last].end(last)
	return from, true, err
}

// find looks in one file, whose first line may be the one that comes next.
func (o *opened) find(m Mark, file int) (place, bool, error) {
	return o.first(file, func(seq uint64, prev Hash) bool {
		return seq == m.Seq+1 && prev == m.Hash
	}, func(line []byte) bool { return Hash(sha256.Sum256(line)) == m.Hash })
}

func (o *opened) higher(than uint64, file int) (place, bool, error) {
	return o.first(file, func(seq uint64, _ Hash) bool { return seq > than }, nil)
}

func (o *opened) end(file int) (place, error) {
	from, _, err := o.first(file, nil, nil)
	return from, err
}

// first gives the beginning of the first line that is as said, or that comes behind
// one; else the end of the whole lines.
func (o *opened) first(file int, is func(uint64, Hash) bool, behind func([]byte) bool) (place, bool, error) {
	var p parser
	from := place{file: file}
	l := readLines(io.NewSectionReader(o.file, 0, o.size))
	for {
		line, whole, err := l.next()
		if err == io.EOF || err == nil && !whole {
			return from, false, nil
		}
		if err != nil {
			return from, false, failed("read", o.path, err)
		}
		if is != nil {
			if seq, prev, _, ok := p.check(line); ok && is(seq, prev) {
				return from, true, nil
			}
		}
		from.at, from.line = l.offset, l.line
		if behind != nil && behind(line) {
			return from, true, nil
		}
	}
}

// view is what a log was at one moment.
type view struct {
	size  int64
	head  []byte
	moved bool     // FILE is another file now
	next  *os.File // that came after this one; nil: not there yet
}

// look holds off all writers for a moment.
func (r *replay) look(ctx context.Context) (v view, err error) {
	head, err := holdHead(ctx, r.path, r.o.Links)
	if err != nil {
		return v, err
	}
	if head != nil {
		defer head.Close() // and so gives back the lock
		if v.head, err = io.ReadAll(io.LimitReader(head, mostHead)); err != nil {
			return v, failed("read", headOf(r.path), err)
		}
	}
	st, err := r.file.Stat()
	if err != nil {
		return v, failed("read", r.name, err)
	}
	v.size = st.Size()
	if v.moved = !safepath.LeadsTo(r.file, r.path); v.moved {
		v.next, err = after(r.file, r.path, r.o.Links)
		if errors.Is(err, unix.ENOENT) {
			err = nil // it comes, and is then told of
		}
	}
	return v, err
}

// catchUp gives what is new, in this file and in those that came after it.
func (r *replay) catchUp(ctx context.Context) error {
	for {
		v, err := r.look(ctx)
		if err == nil {
			err = r.read(ctx, v.size)
		}
		if err == nil && !v.moved {
			return r.compare(&v)
		}
		if err != nil || v.next == nil {
			if v.next != nil {
				v.next.Close()
			}
			return err
		}
		r.file.Close()
		r.file, r.name, r.at, r.line = v.next, r.path, 0, 0
	}
}

// read gives the whole lines up to an offset.
func (r *replay) read(ctx context.Context, size int64) error {
	if size < r.at {
		was := r.at
		r.at = size
		return r.f(Step{Mark: r.chain.at, Bad: &Error{Object: r.name, Err: ErrCut, Detail: "it has " + strconv.FormatInt(size, 10) + " bytes, and had " + strconv.FormatInt(was, 10)}})
	}
	r.lines.again(io.NewSectionReader(r.file, r.at, size-r.at), r.line)
	base := r.at
	for ctx.Err() == nil {
		line, whole, err := r.lines.next()
		if err == io.EOF || err == nil && !whole {
			return nil
		}
		if err != nil {
			return failed("read", r.name, err)
		}
		r.at, r.line = base+r.lines.offset, r.lines.line
		if err := r.give(line); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// again begins to read another source, in the same buffer.
func (l *lines) again(src io.Reader, line int) { *l = lines{src: src, buf: l.buf[:0], line: line} }

func (r *replay) give(line []byte) error {
	e, err := Decode(line)
	if err != nil {
		r.chain.junk++
		return r.f(Step{Line: line, Mark: r.chain.at, Bad: r.blame(err)})
	}
	detail := r.chain.add(e, sha256.Sum256(line))
	s := Step{Entry: e, Line: line, Mark: r.chain.at}
	if detail != "" {
		s.Bad = r.blame(&Error{Err: ErrChain, Detail: detail})
	}
	return r.f(s)
}

// blame names file and line of what is wrong.
func (r *replay) blame(err error) error {
	if e, ok := err.(*Error); ok {
		e.Object, e.Line = r.name, r.line
	}
	return err
}

// compare holds what was read to the head of the same moment.
func (r *replay) compare(v *view) error {
	h, _, ok := openHead(headTitle, v.head, note.VerifierList())
	short := ok && h.count > r.chain.at.Seq+r.chain.junk
	told := r.cut
	r.cut = short
	if !short || told {
		return nil
	}
	return r.f(Step{Mark: r.chain.at, Bad: &Error{Object: r.path, Err: ErrCut, Detail: "its head counts " + strconv.FormatUint(h.count, 10) + " lines, and it ends with seq " + strconv.FormatUint(r.chain.at.Seq, 10)}})
}

// links follows a chain, line by line.
type links struct {
	at      Mark   // of the last line that was taken
	junk    uint64 // what came since that is no line, and was told
	started bool
	lost    bool // the line before is not there, which was told
}

// add takes a line, and says what is wrong with how it follows on.
func (c *links) add(e *Entry, hash Hash) (wrong string) {
	before, junk, first, lost := c.at, c.junk, !c.started && c.at == Mark{}, c.lost
	next := Mark{e.Seq, hash}
	c.started = true
	switch {
	case e.Seq == before.Seq+1 && e.Prev == before.Hash, // it does
		first && e.Type() == TypeRotate && e.Seq > 1, // what came before is kept no more
		lost,
		junk > 0 && e.Seq == before.Seq+1+junk: // it stands behind a line that was made unreadable
	case e.Seq == 1 && e.Prev == Hash{}:
		wrong = "seq 1 comes after " + seqs(before.Seq, before.Seq) + ": another log begins here"
	case e.Seq <= before.Seq:
		return seqs(e.Seq, e.Seq) + " comes after " + seqs(before.Seq, before.Seq) + ": it is there twice, or was moved"
	case e.Seq > before.Seq+1:
		wrong = "missing: " + seqs(before.Seq+1, e.Seq-1)
	default:
		wrong = "the hash of the line before is not what it says: one of the two was changed"
	}
	c.at, c.junk, c.lost = next, 0, false
	return wrong
}
