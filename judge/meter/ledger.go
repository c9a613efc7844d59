package meter

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"syscall"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// ledger is a meter file and its table, both open. Whoever calls its methods
// holds the file's lock, if nothing else is said.
type ledger struct {
	file, table *os.File
}

// open opens both, under the rules of every file that jail writes: a regular
// file of one name, no link, nothing of a stranger's. It takes no lock.
func open(path string, may safepath.Follow) (*ledger, error) {
	file, err := safepath.OpenKept(path, may)
	var refused *safepath.Error
	if errors.As(err, &refused) && refused.Err == safepath.Device {
		refused.Hint = "name a regular file: no other keeps a record"
	}
	if err != nil {
		return nil, err
	}
	l := &ledger{file: file}
	if l.table, err = l.beside(tableOf(path), may); err != nil {
		file.Close()
		return nil, err
	}
	// A file that two paths lead to has two tables. Each still adds at its end.
	if _, err := unix.FcntlInt(file.Fd(), unix.F_SETFL, unix.O_APPEND); err != nil {
		l.close()
		return nil, failed("append to", file, err)
	}
	return l, nil
}

// beside opens a file that goes with the meter file. Who may read that may read
// what is made here too, and what root makes beside another's file is that one's:
// he could not meter any more.
func (l *ledger) beside(path string, may safepath.Follow) (*os.File, error) {
	f, err := safepath.OpenKept(path, may)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && st.Size() == 0 {
		if st, err = l.file.Stat(); err == nil {
			err = errors.Join(f.Chmod(st.Mode().Perm()), giveTo(f, st))
		}
		if errors.Is(err, unix.EPERM) { // another of those who share it has made it just now
			err = nil
		}
	}
	if err != nil {
		f.Close()
		return nil, failed("read", l.file, err)
	}
	return f, nil
}

func giveTo(f *os.File, like os.FileInfo) error {
	owner, ok := like.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

func (l *ledger) close() {
	l.table.Close()
	l.file.Close()
}

// failed makes the Error of what could not be done with a file.
func failed(op string, f *os.File, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	e := &Error{Op: op, Object: f.Name(), Err: err}
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		e.Hint = "free space on its file system"
	case errors.Is(err, ErrNotMeter), errors.Is(err, ErrNotTable):
		e.Hint = "name another file for --meter"
	default:
		e.Hint = "check the file and its file system"
	}
	return e
}

// settle makes the file end with a whole line, and puts what dead supervisors
// have left in the table into it. It gives the places of those that are alive,
// and one that is free.
func (l *ledger) settle() (alive []place, free int64, err error) {
	if err := openTable(l.table); err != nil {
		return nil, 0, failed("read", l.table, err)
	}
	if err := l.mend(); err != nil {
		return nil, 0, failed("append to", l.file, err)
	}
	used, free, err := readTable(l.table)
	if err != nil {
		return nil, 0, failed("read", l.table, err)
	}
	for i := range used {
		if used[i].held {
			alive = append(alive, used[i])
			continue
		}
		if err := l.recover(&used[i]); err != nil {
			return nil, 0, err
		}
		free = min(free, used[i].at)
	}
	return alive, free, nil
}

// recover puts the line of a dead supervisor's run into the file, if that had
// not come so far, and frees its place.
func (l *ledger) recover(p *place) error {
	there, err := l.has(p)
	if err != nil {
		return failed("read", l.file, err)
	}
	if !there {
		if err := l.append(p.line()); err != nil {
			return failed("append to", l.file, err)
		}
	}
	if err := clearPlace(l.table, p.at); err != nil {
		return failed("write", l.table, err)
	}
	return nil
}

// line is what a dead supervisor's run has for a record.
func (p *place) line() []byte {
	if p.ended != nil {
		return p.ended
	}
	return p.begun.line
}

// append adds a line, or nothing: what a full disk took of it is cut off again.
func (l *ledger) append(line []byte) error {
	st, err := l.file.Stat()
	if err != nil {
		return err
	}
	n, err := l.file.Write(line)
	if err != nil && n > 0 {
		err = errors.Join(err, unix.Ftruncate(int(l.file.Fd()), st.Size()))
	}
	return err
}

// mend cuts off half a line that a supervisor was killed over: its run stands in
// the table. What could be another's is ended, not cut.
func (l *ledger) mend() error {
	st, err := l.file.Stat()
	if err != nil {
		return err
	}
	if err := l.check(); err != nil {
		return err
	}
	tail, err := l.tail(st.Size())
	if err != nil || len(tail) == 0 {
		return err
	}
	if isTorn(tail) {
		return unix.Ftruncate(int(l.file.Fd()), st.Size()-int64(len(tail)))
	}
	_, err = l.file.Write([]byte("\n"))
	return err
}

// check refuses a file that is surely something else, before it is written to.
func (l *ledger) check() error {
	var first [1]byte
	_, err := l.file.ReadAt(first[:], 0)
	switch {
	case err == io.EOF, err == nil && first[0] == '{':
		return nil
	case err == nil:
		return ErrNotMeter
	}
	return err
}

// tail gives what stands behind the last newline.
func (l *ledger) tail(size int64) ([]byte, error) {
	text := make([]byte, min(size, mostLine))
	if size > 0 { // as a rule one byte tells it
		if _, err := l.file.ReadAt(text[:1], size-1); err != nil || text[0] == '\n' {
			return nil, err
		}
	}
	if _, err := l.file.ReadAt(text, size-int64(len(text))); err != nil {
		return nil, err
	}
	return text[bytes.LastIndexByte(text, '\n')+1:], nil
}

// isTorn says whether a text is the beginning of a record of ours, and no more.
func isTorn(tail []byte) bool {
	const head = `{"schema":"` + Schema + `"`
	n := min(len(tail), len(head))
	return string(tail[:n]) == head[:n] && new(entry).parse(tail) != nil
}

// has says whether a run's line is in the file, behind where that ended when
// the run began.
func (l *ledger) has(p *place) (bool, error) {
	st, err := l.file.Stat()
	if err != nil {
		return false, err
	}
	from := p.begun.from
	if from > st.Size() { // another file has come in its place
		from = 0
	}
	ids := [][]byte{[]byte(p.begun.id)}
	if e := (entry{}); p.ended != nil && e.parse(bytes.TrimSuffix(p.ended, []byte("\n"))) == nil {
		ids = append(ids, bytes.Clone(e.id))
	}
	var e entry
	for r := readLines(io.NewSectionReader(l.file, from, st.Size()-from)); ; {
		text, _, err := r.next()
		if err != nil {
			return false, notEnd(err)
		}
		if e.parse(bytes.TrimSuffix(text, []byte("\n"))) != nil { // a label may say what an id does
			continue
		}
		if slices.ContainsFunc(ids, func(id []byte) bool { return bytes.Equal(id, e.id) }) {
			return true, nil
		}
	}
}

func notEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
