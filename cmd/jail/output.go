package main

import (
	"cmp"
	"io"
	"os"
	"strconv"
	"sync"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate"
	"golang.org/x/sys/unix"
)

// streams are the files of a run, all opened before anything is launched, so
// that a bad path costs nothing.
type streams struct {
	stdin          *os.File
	stdout, stderr *os.File
	after          [2]*tail // of stdout and stderr, where a result follows on them
	json           *os.File
	path           string // of json, where it is a file by name
	status         *os.File
}

// openResult opens the places of the result, before all else: a result of an
// earlier run must not pass for this one's, whatever fails from here on.
func openResult(r *request) (s *streams, err error) {
	s = &streams{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	if r.statusFD >= 0 {
		s.status = os.NewFile(uintptr(r.statusFD), "descriptor "+strconv.Itoa(r.statusFD))
	}
	switch r.json {
	case "":
	case "-":
		s.json = os.Stdout
	default:
		if err := r.overwrites("--json", r.json); err != nil {
			return s, err
		}
		s.path = r.json
		s.json, err = safepath.OpenOutput(r.json, linkIsOurs)
	}
	return s, err
}

// linkIsOurs keeps a link that an earlier program has left in a folder that it
// might write to from leading jail's own files elsewhere.
func linkIsOurs(folder string, st *unix.Stat_t) bool {
	return isolate.LinkIsOurs(folder, st, os.Geteuid() == 0)
}

// open opens the streams that the flags name.
func (s *streams) open(r *request) (err error) {
	if r.stdin != "" {
		if s.stdin, err = safepath.OpenInput(r.stdin, linkIsOurs); err != nil {
			return err
		}
	}
	if err := cmp.Or(r.overwrites("--stdout", r.stdout), r.overwrites("--stderr", r.stderr)); err != nil {
		return err
	}
	if r.stdout != "" {
		if s.stdout, err = safepath.OpenOutput(r.stdout, linkIsOurs); err != nil {
			return err
		}
	}
	if err = s.openStderr(r); err != nil {
		return err
	}
	s.follow()
	return s.distinct(r)
}

// isInput refuses an output that would empty the input before it is read.
func (r *request) isInput(flag, file string) error {
	if r.stdin == "" || file == "" {
		return nil
	}
	in, err := os.Stat(r.stdin)
	out, err2 := os.Stat(file)
	if err != nil || err2 != nil || !in.Mode().IsRegular() || !os.SameFile(in, out) {
		return nil
	}
	return &failure{op: flag + " " + file, err: errIsInput, hint: "name another file"}
}

// follow finds the streams that a result goes to as well, by what is open: a
// shell has many ways to make two descriptors of one file.
func (s *streams) follow() {
	for i, f := range [...]*os.File{s.stdout, s.stderr} {
		switch {
		case !sameFile(f, s.json) && !sameFile(f, s.status):
		case i > 0 && sameFile(f, s.stdout):
			s.after[i] = s.after[0]
		default:
			s.after[i] = &tail{}
		}
	}
}

// distinct refuses one file for a stream and the result, which would be written
// over each other.
func (s *streams) distinct(r *request) error {
	if r.json == "" || r.json == "-" {
		return nil
	}
	ours, err := s.json.Stat()
	if err != nil || !ours.Mode().IsRegular() {
		return err
	}
	if sameFile(s.stdout, s.json) || sameFile(s.stderr, s.json) {
		return &failure{op: "--json " + r.json, err: errSameFile, hint: "name another file, or use --json -"}
	}
	return nil
}

// openStderr shares one descriptor, and so one offset, with a standard output
// to the same file.
func (s *streams) openStderr(r *request) (err error) {
	switch {
	case r.stderr == "":
	case r.stderr == r.stdout:
		s.stderr = s.stdout
	default:
		s.stderr, err = safepath.OpenOutput(r.stderr, linkIsOurs)
	}
	return err
}

// out is where the program's standard output goes.
func (s *streams) out() io.Writer { return s.after[0].through(s.stdout) }

// err is where its standard error goes.
func (s *streams) err() io.Writer { return s.after[1].through(s.stderr) }

// emit writes the result where it was asked for, to the second place also when
// the first fails.
func (s *streams) emit(line []byte) error {
	var first error
	if s.json != nil {
		first = s.toJSON(line)
	}
	if s.status != nil {
		if err := write(s.status, s.separated(s.status, line)); first == nil {
			first = err
		}
	}
	return first
}

// toJSON takes care of a file that the program could reach: it may have written
// to it, or have put another in its place.
func (s *streams) toJSON(line []byte) error {
	if s.path == "" {
		return write(s.json, s.separated(s.json, line))
	}
	ours, err := s.json.Stat()
	if err == nil && ours.Mode().IsRegular() {
		err = s.json.Truncate(0)
	}
	if e := write(s.json, s.separated(s.json, line)); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	there, err := os.Lstat(s.path) // a link was no place for it when it was opened
	if err == nil && !os.SameFile(ours, there) {
		err = errReplaced
	}
	if err == nil {
		return nil
	}
	return &failure{op: "find the result as", object: s.path, err: err, hint: "it follows on standard error; name a file that the program can't reach"}
}

// separated puts the result on a line of its own.
func (s *streams) separated(f *os.File, line []byte) []byte {
	for i, stream := range [...]*os.File{s.stdout, s.stderr} {
		if s.after[i] != nil && sameFile(stream, f) {
			return s.after[i].separated(line)
		}
	}
	return line
}

func (s *streams) wanted() bool { return s.json != nil || s.status != nil }

// write brings the last error too: a full disk may be known only at close(2).
// The standard streams stay open, for what jail has yet to say.
func write(f *os.File, line []byte) error {
	_, err := f.Write(line)
	if f.Fd() > 2 {
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err == nil {
		return nil
	}
	return &failure{op: "write the result", err: err, hint: "it follows on standard error"}
}

// errReplaced is a result that whoever asked for it would not find.
const errReplaced problem = "another file has its name now"

// tail is how what was passed on to a file ends, so that what jail adds starts
// on a line of its own: else a program without a newline at its end could write
// the beginning of its own result.
type tail struct {
	mu    sync.Mutex // held while something is passed on, by either stream
	open  bool       // its last line has no end yet
	ended bool
}

// through gives f itself where nothing follows: it then takes no goroutine.
func (t *tail) through(f *os.File) io.Writer {
	if t == nil {
		return f
	}
	return &lastByte{w: f, tail: t}
}

// separated ends the stream: a Write that still waits for its reader is waited
// for, as the result itself would have to, and none comes after it.
func (t *tail) separated(line []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open {
		line = append([]byte{'\n'}, line...)
	}
	t.open, t.ended = false, true
	return line
}

// lastByte passes on a stream, and tells the tail of its file.
type lastByte struct {
	w    io.Writer
	tail *tail
}

func (l *lastByte) Write(p []byte) (int, error) {
	l.tail.mu.Lock()
	defer l.tail.mu.Unlock()
	if l.tail.ended {
		return 0, os.ErrClosed
	}
	n, err := l.w.Write(p)
	if n > 0 {
		l.tail.open = p[n-1] != '\n' // #nosec G602 -- a Writer's n is at most the length of p
	}
	return n, err
}

// setStatusFD takes a descriptor that the caller has passed. One of jail's own
// is told by its close-on-exec flag, which no inherited one can have.
func setStatusFD(r *request, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return &failure{op: "--status-fd " + strconv.Quote(v), err: errNotFd, hint: "for example --status-fd 3 3>result.json"}
	}
	own, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
	mode, err2 := unix.FcntlInt(uintptr(n), unix.F_GETFL, 0)
	readOnly := mode&unix.O_ACCMODE == unix.O_RDONLY || mode&unix.O_PATH != 0
	if err != nil || err2 != nil || own&unix.FD_CLOEXEC != 0 || readOnly {
		return &failure{op: "--status-fd " + v, err: errNotFd, hint: "for example --status-fd 3 3>result.json"}
	}
	unix.CloseOnExec(n)
	r.statusFD = n
	return nil
}
