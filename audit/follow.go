package audit

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// Follow calls f with each entry that is added to a log from now on, until the
// context ends, and gives nil then. It waits for the kernel to tell of changes
// (inotify(7)), and goes on in the new file when the log is rotated. With last it
// begins with so many that are there already.
func Follow(ctx context.Context, path string, last int, may safepath.Follow, f func(*Entry, error) error) error {
	w, err := watch(path)
	if err != nil {
		return err
	}
	defer w.Close()
	defer context.AfterFunc(ctx, func() { _ = w.SetReadDeadline(time.Unix(1, 0)) })() // a file of the poller's takes one
	t := &follower{path: path, may: may, f: f}
	defer t.close()
	if err := t.begin(last); err != nil {
		return err
	}
	for {
		err := t.catchUp()
		if err == nil {
			err = changed(w)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// watch is of the folder: FILE is another file after a rotation.
func watch(path string) (*os.File, error) {
	dir := filepath.Dir(path)
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, failed("watch", dir, err)
	}
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_MODIFY|unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_MOVED_FROM|unix.IN_ONLYDIR); err != nil {
		unix.Close(fd)
		return nil, failed("watch", dir, err)
	}
	return os.NewFile(uintptr(fd), dir), nil
}

// changed waits until something has changed in the folder. What it was does not
// matter: the file is looked at anyway.
func changed(w *os.File) error {
	var events [64 << 10]byte
	_, err := w.Read(events[:])
	return failed("watch", w.Name(), err)
}

// follower reads on in a file, and in the one that takes its place.
type follower struct {
	path   string
	may    safepath.Follow
	f      func(*Entry, error) error
	file   *os.File
	at     int64 // up to here it was read
	line   int
	beyond []byte // the beginning of a line that has no end yet
}

func (t *follower) close() {
	if t.file != nil {
		t.file.Close()
	}
}

// begin opens the file, and gives its last entries.
func (t *follower) begin(last int) error {
	file, size, err := openFor(t.path, t.may)
	if err != nil {
		return err
	}
	t.file = file
	if size > 0 {
		b := make([]byte, len(lineHead))
		if _, err := file.ReadAt(b, 0); err != nil || string(b) != lineHead {
			return &Error{Op: "read", Object: t.path, Line: 1, Err: ErrNotLog, Hint: "name the FILE of jail exec --audit"}
		}
	}
	at, line, err := lastLines(file, size, last)
	t.at, t.line = at, line
	return failed("read", t.path, err)
}

// lastLines finds where a file's last lines begin, and how many stand before. It
// reads the file once, in constant memory but for where the last n begin.
func lastLines(f io.ReaderAt, size int64, n int) (at int64, before int, err error) {
	starts := make([]int64, 0, min(n, 1<<20)+1)
	first, total, start := 0, 0, int64(0)
	r := readLines(io.NewSectionReader(f, 0, size))
	for {
		_, whole, err := r.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		if !whole {
			break
		}
		if len(starts) < n {
			starts = append(starts, start)
		} else if n > 0 {
			starts[first] = start
			first = (first + 1) % n
		}
		start = r.offset
		total++
	}
	if len(starts) == 0 {
		return start, total, nil
	}
	return starts[first], total - len(starts), nil
}

// catchUp reads what is new, and goes on in the next file when there is one.
func (t *follower) catchUp() error {
	for {
		if err := t.read(); err != nil {
			return err
		}
		if safepath.LeadsTo(t.file, t.path) {
			return nil
		}
		if err := t.read(); err != nil { // what came before it was renamed
			return err
		}
		file, err := t.next()
		if errors.Is(err, unix.ENOENT) {
			return nil // it comes, and is then told of
		}
		if err != nil {
			return err
		}
		t.file.Close()
		t.file, t.at, t.line, t.beyond = file, 0, 0, nil
	}
}

// next opens the file that came after this one, while nobody rotates.
func (t *follower) next() (*os.File, error) {
	head, err := holdHead(context.Background(), t.path, t.may)
	if err != nil {
		return nil, err
	}
	defer head.Close() // and so gives back the lock
	return after(t.file, t.path, t.may)
}

// holdHead opens what is beside a log with its lock: nobody writes or rotates meanwhile.
// Where it can't be opened there is none to lock, and no file.
func holdHead(ctx context.Context, path string, may safepath.Follow) (*os.File, error) {
	head, _, err := openFor(headOf(path), may)
	if err != nil {
		return nil, nil
	}
	if err := lock(ctx, head, unix.LOCK_SH); err != nil {
		head.Close()
		return nil, err
	}
	return head, nil
}

// after opens the file that came after one, which may have been rotated away too.
// Where that one is removed already, it is the oldest that is there.
func after(f *os.File, path string, may safepath.Follow) (*os.File, error) {
	n := 1
	for exists(unix.AT_FDCWD, older(path, n)) && !safepath.LeadsTo(f, older(path, n)) {
		n++
	}
	if n > 1 {
		path = older(path, n-1)
	}
	file, _, err := openFor(path, may)
	return file, err
}

// read gives the whole lines that stand behind what was read.
func (t *follower) read() error {
	b := make([]byte, 64<<10)
	for {
		n, err := t.file.ReadAt(b, t.at)
		t.at += int64(n)
		if e := t.give(b[:n]); e != nil {
			return e
		}
		if err == io.EOF {
			return t.shrunk()
		}
		if err != nil {
			return failed("read", t.path, err)
		}
	}
}

// shrunk begins anew in a file that was cut off.
func (t *follower) shrunk() error {
	st, err := t.file.Stat()
	if err == nil && st.Size() < t.at {
		t.at, t.beyond = st.Size(), nil
	}
	return failed("read", t.path, err)
}

// give takes text, and gives the lines that it ends.
func (t *follower) give(text []byte) error {
	for _, c := range text {
		if c != '\n' {
			if len(t.beyond) <= MostLine {
				t.beyond = append(t.beyond, c)
			}
			continue
		}
		t.line++
		e, err := Decode(t.beyond)
		if bad, ok := err.(*Error); ok {
			bad.Object, bad.Line = t.path, t.line
		}
		t.beyond = t.beyond[:0]
		if err := t.f(e, err); err != nil {
			return err
		}
	}
	return nil
}

// Tail calls f with a log's last entries.
func Tail(path string, last int, may safepath.Follow, f func(*Entry, error) error) error {
	t := &follower{path: path, may: may, f: f}
	defer t.close()
	if err := t.begin(last); err != nil {
		return err
	}
	if st, err := t.file.Stat(); err == nil && st.Size() == 0 {
		return &Error{Op: "read", Object: path, Err: ErrEmpty, Hint: "nothing was written to it yet"}
	}
	return t.read()
}
