package audit

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"
)

// settle finds out where the log ends, whatever has happened to it since it was
// last written here, and gives what is to be written down of that.
//
// The head is the truth. If FILE has whole lines that follow on it, their writer
// was killed before he could say so in the head: they are kept. Half a line of
// ours behind them is cut off. Whatever else is wrong is no accident of a writer:
// nothing is removed then, and the log goes on from where the head says that it
// was, so that the gap stays in the chain for everybody to see, beside the tamper
// event that says what was found. Only where there is no head to be trusted it
// goes on from what FILE has.
func (c *chain) settle() ([]Detail, error) {
	text, err := c.readHead()
	if err != nil {
		return nil, err
	}
	size, err := c.size()
	if err != nil {
		return nil, err
	}
	if c.text != nil && bytes.Equal(text, c.text) && size == c.head.size {
		return nil, nil
	}
	h, why, err := c.trusted(text, size)
	if err != nil {
		return nil, err
	}
	c.text, c.broken = text, false
	if why == "" && len(text) == 0 { // a new log
		c.head = head{}
		return nil, c.writeHead()
	}
	if why != "" {
		return c.headless(size, why)
	}
	c.head = h
	return c.compare(size)
}

// trusted reads a head, and says why it can't be trusted, if so. That of a log
// that is signed by another key, or by any where none is given, is an error:
// going on would leave it without the signature that it has.
func (c *chain) trusted(text []byte, size int64) (h head, why string, err error) {
	if len(text) == 0 {
		if size > 0 {
			why = "its head is gone"
		}
		return head{}, why, nil
	}
	var known note.Verifiers
	if c.key != nil {
		known = c.key.own
	}
	h, by, ok := openHead(headTitle, text, known)
	switch {
	case !ok:
		return head{}, "its head is no head", nil
	case by == strangers && c.key == nil:
		return head{}, "", &Error{Op: "open", Object: headOf(c.path), Err: ErrSigned, Hint: "give the key that it is signed with, or name another file"}
	case by == strangers:
		return head{}, "", &Error{Op: "open", Object: headOf(c.path), Err: ErrOtherKey, Hint: "give that key, or name another file"}
	case by == forged:
		return head{}, "the signature of its head is false", nil
	case by == unsigned && c.key != nil && h.count > 0:
		return head{}, "its head is not signed", nil
	}
	return h, "", nil
}

// headless goes on from the last line that FILE has.
func (c *chain) headless(size int64, why string) ([]Detail, error) {
	if size == 0 {
		c.head = head{}
		return []Detail{&Tamper{What: why + ", and the file is empty"}}, nil
	}
	if !c.begins() {
		return nil, failed("append to", c.path, ErrNotLog)
	}
	text, err := tail(c.file, size)
	if err != nil {
		return nil, err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	c.broken = whole < len(text)
	line := text[bytes.LastIndexByte(text[:max(whole-1, 0)], '\n')+1 : max(whole-1, 0)]
	seq, _, _, ok := c.parser.check(line)
	if !ok {
		return nil, &Error{Op: "append to", Object: c.path, Err: ErrNotLog, Detail: why + ", and its last line is none of ours", Hint: "move it away, and see what became of it"}
	}
	c.head = head{log: c.firstHash(), count: seq, size: size, hash: sha256.Sum256(line)}
	what := fmt.Sprintf("%s; the log goes on behind line %d of those that the file has", why, seq)
	return []Detail{&Tamper{What: what}}, nil
}

// firstHash is that of the log's first line, zeros if FILE doesn't begin with it.
func (c *chain) firstHash() (h Hash) {
	line, _, err := readLines(io.NewSectionReader(c.file, 0, MostLine+1)).next()
	if seq, _, _, ok := c.parser.check(line); err == nil && ok && seq == 1 {
		return sha256.Sum256(line)
	}
	return h
}

// begins says whether FILE begins as a log does, as far as it goes.
func (c *chain) begins() bool {
	b := make([]byte, len(lineHead))
	n, err := c.file.ReadAt(b, 0)
	return (err == nil || err == io.EOF) && string(b[:n]) == lineHead[:n]
}

// tail gives what a file ends with, up to an offset: a whole line and what stands
// behind it, if there is one.
func tail(f *os.File, end int64) ([]byte, error) {
	const usual, most = 4096, 2 * (MostLine + 1)
	for _, n := range [...]int64{usual, most} {
		b := make([]byte, min(end, n))
		if _, err := f.ReadAt(b, end-int64(len(b))); err != nil && len(b) > 0 {
			return nil, failed("read", f.Name(), err)
		}
		if n == most || n >= end || bytes.Count(b, []byte("\n")) > 1 {
			return b, nil
		}
	}
	return nil, nil
}

// compare holds FILE to the head.
func (c *chain) compare(size int64) ([]Detail, error) {
	h := &c.head
	switch {
	case size < h.size && c.rotationStopped():
		return c.goOn(size)
	case size < h.size:
		return c.tampered(size, fmt.Sprintf("the file has %d bytes, and its head says %d: it was cut off", size, h.size))
	case size > 0 && !c.begins():
		return nil, failed("append to", c.path, ErrNotLog)
	}
	last, err := endsWith(c.file, h)
	if err != nil {
		return nil, err
	}
	if !last && c.rotationStopped() {
		return c.goOn(size)
	}
	if !last {
		return c.tampered(size, fmt.Sprintf("line %d is not the one that the head was made of", h.count))
	}
	if size == h.size {
		return nil, nil
	}
	return c.adopt(size)
}

// endsWith says whether a file has, where a head says that it ended, the line that
// the head says.
func endsWith(f *os.File, h *head) (bool, error) {
	if h.count == 0 || h.size == 0 {
		return h.size == 0, nil // of a new file, or of one that is all behind the head
	}
	text, err := tail(f, h.size)
	if err != nil || len(text) == 0 || text[len(text)-1] != '\n' {
		return false, err
	}
	text = text[:len(text)-1]
	return Hash(sha256.Sum256(text[bytes.LastIndexByte(text, '\n')+1:])) == h.hash, nil
}

// tampered goes on from the head, whatever FILE has.
func (c *chain) tampered(size int64, what string) ([]Detail, error) {
	var last [1]byte
	if size > 0 {
		if _, err := c.file.ReadAt(last[:], size-1); err != nil {
			return nil, failed("read", c.path, err)
		}
	}
	c.broken = size > 0 && last[0] != '\n'
	c.head.size = size
	return []Detail{&Tamper{What: what}}, nil
}

// adopt takes over what stands behind the head.
func (c *chain) adopt(size int64) ([]Detail, error) {
	r := readLines(io.NewSectionReader(c.file, c.head.size, size-c.head.size))
	before := c.head.count
	for {
		line, whole, err := r.next()
		if err != nil && err != io.EOF {
			return nil, failed("read", c.path, err)
		}
		seq, prev, _, ok := c.parser.check(line)
		if err == io.EOF || !whole || !ok || seq != c.head.count+1 || prev != c.head.hash {
			break
		}
		c.accept(line)
	}
	lines := int64(c.head.count - before)
	rest := size - c.head.size
	if rest == 0 {
		return []Detail{&Recover{Lines: lines}}, nil
	}
	torn := make([]byte, min(rest, MostLine+1))
	if _, err := c.file.ReadAt(torn, c.head.size); err != nil {
		return nil, failed("read", c.path, err)
	}
	if rest > MostLine || !c.isTorn(torn) {
		at := c.head.count
		all, err := c.tampered(size, fmt.Sprintf("behind line %d stand %d bytes that are no lines of this log", at, rest))
		if lines > 0 {
			all = append([]Detail{&Recover{Lines: lines}}, all...)
		}
		return all, err
	}
	if err := unix.Ftruncate(int(c.file.Fd()), c.head.size); err != nil {
		return nil, failed("append to", c.path, err)
	}
	return []Detail{&Recover{Lines: lines, CutBytes: rest, Cut: string(torn)}}, nil
}

// accept moves the head behind a line that stands there.
func (c *chain) accept(line []byte) {
	c.head.hash = sha256.Sum256(line)
	c.head.count++
	c.head.size += int64(len(line)) + 1
	if c.head.count == 1 {
		c.head.log = c.head.hash
	}
}

// isTorn says whether a text is the beginning of the line that would come next,
// and no more.
func (c *chain) isTorn(tail []byte) bool {
	next := appendHead(nil, c.head.count+1, &c.head.hash)
	n := min(len(tail), len(next))
	if string(tail[:n]) != string(next[:n]) {
		return false
	}
	return !bytes.ContainsFunc(tail, func(r rune) bool { return r < ' ' || r > '~' })
}

// rotationStopped says whether FILE.1 is what the head was made of: then FILE was
// renamed to it, and whoever did that was killed before the new one had a line.
func (c *chain) rotationStopped() bool {
	f, err := safepath.OpenInput(older(c.path, 1), c.options.Follow)
	if err != nil {
		return false
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || st.Size() != c.head.size {
		return false
	}
	is, err := endsWith(f, &c.head)
	return err == nil && is
}

// goOn takes over a file that goes on from FILE.1, as far as it was written.
func (c *chain) goOn(size int64) ([]Detail, error) {
	at := c.head.count
	c.head.size = 0
	if size == 0 {
		return c.begun()
	}
	found, err := c.adopt(size)
	if err != nil || c.head.count > at {
		return found, err
	}
	start, err := c.begun() // half of its first line was all
	return append(start, found...), err
}

// begun is the start of a file that goes on from FILE.1.
func (c *chain) begun() ([]Detail, error) {
	kept := 0
	for {
		var st unix.Stat_t
		if unix.Lstat(older(c.path, kept+1), &st) != nil {
			return []Detail{&Rotate{Kept: kept}}, nil
		}
		kept++
	}
}
