package main

import (
	"io"
	"os"
	"strconv"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/isolate"
	"golang.org/x/sys/unix"
)

// streams are the files of a run, all opened before anything is launched, so
// that a bad path costs nothing.
type streams struct {
	stdin          *os.File
	stdout, stderr *os.File
	last           *lastByte // standard output, where the result follows on it
	json           *os.File
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
	if r.stdout != "" {
		if s.stdout, err = safepath.OpenOutput(r.stdout, linkIsOurs); err != nil {
			return err
		}
	}
	if err = s.openStderr(r); err != nil {
		return err
	}
	if r.json == "-" && s.stdout == os.Stdout {
		s.last = &lastByte{w: os.Stdout}
	}
	return s.distinct(r)
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
	for _, f := range []*os.File{s.stdout, s.stderr} {
		if st, err := f.Stat(); err == nil && os.SameFile(st, ours) {
			return &failure{op: "--json " + r.json, err: errSameFile, hint: "name another file, or use --json -"}
		}
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
func (s *streams) out() io.Writer {
	if s.last != nil {
		return s.last
	}
	return s.stdout
}

// emit writes the result where it was asked for, to the second place also when
// the first fails.
func (s *streams) emit(line []byte) error {
	var first error
	if s.json != nil {
		first = write(s.json, s.last.separated(line))
	}
	if s.status != nil {
		if err := write(s.status, line); first == nil {
			first = err
		}
	}
	return first
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

// lastByte passes on a stream and keeps its last byte, so that what jail adds
// starts on a line of its own: else a program without a newline at its end
// could write the beginning of its own result.
type lastByte struct {
	w    io.Writer
	last byte
}

func (l *lastByte) Write(p []byte) (int, error) {
	n, err := l.w.Write(p)
	if n > 0 {
		l.last = p[n-1]
	}
	return n, err
}

func (l *lastByte) separated(line []byte) []byte {
	if l == nil || l.last == 0 || l.last == '\n' {
		return line
	}
	return append([]byte{'\n'}, line...)
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
