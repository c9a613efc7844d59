package watch

import (
	"bytes"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// End is one end of a Relay. The zero End, as a destination, takes nothing:
// what comes is counted and discarded. As a source it is at its end at once.
type End struct {
	kind endKind
	fd   int
	w    io.Writer
	r    io.Reader
}

type endKind uint8

const (
	endNone endKind = iota
	endOwned
	endBorrowed
	endWriter
	endReader
)

// Own makes an end of a descriptor whose open file description nobody else
// holds, such as our end of a pipe. The relay makes it non-blocking and closes
// it when it ends.
func Own(fd int) End { return End{kind: endOwned, fd: fd} }

// Borrow makes an end of a descriptor that may be shared with other processes,
// such as the terminal or the pipe that the shell gave us. It is never closed,
// and no flag of its open file description is changed: O_NONBLOCK would leak to
// everyone who holds it (open(2)). How a relay still never blocks on it is told
// in port.go.
func Borrow(fd int) End { return End{kind: endBorrowed, fd: fd} }

// ToWriter makes a destination of w. A *bytes.Buffer, *strings.Builder or
// io.Discard is written to on the loop's goroutine: look at it when the relay
// has ended. An *os.File is borrowed. Any other writer may block, and gets a
// goroutine of the relay's; Join waits for it.
func ToWriter(w io.Writer) End { return End{kind: endWriter, w: w} }

// FromReader makes a source of r, as ToWriter does of a writer: a
// *bytes.Reader, *bytes.Buffer or *strings.Reader is read on the loop's
// goroutine, an *os.File is borrowed, any other reader gets a goroutine.
func FromReader(r io.Reader) End { return End{kind: endReader, r: r} }

// source is where a relay's bytes come from. All methods are called on the
// loop's goroutine.
type source interface {
	read(p []byte) (int, error) // 0 and nil at the end; EAGAIN when it would block
	ready(on bool) error        // while on, wake the relay when read may go on
	close()
	join() <-chan struct{} // closed when no goroutine of it runs; nil: it has none
}

// sink is where they go.
type sink interface {
	write(p []byte) (int, error) // EAGAIN when it would block
	settled() (bool, int, error) // nothing accepted is still on its way; how many of it were lost, and why
	ready(on bool) error
	close()
	join() <-chan struct{}
}

func (e End) source(l *Loop, wake func()) (source, error) {
	switch e.kind {
	case endOwned, endBorrowed:
		return newPort(l, e.fd, e.kind, In, wake)
	case endReader:
		switch r := e.r.(type) {
		case *bytes.Reader, *bytes.Buffer, *strings.Reader:
			return &directSource{loop: l, r: r, wake: wake}, nil
		case *os.File:
			return borrowFile(l, r, In, wake)
		}
		return newGoSource(l, e.r, wake, nothing), nil
	case endNone:
		return &directSource{loop: l, r: strings.NewReader(""), wake: wake}, nil
	}
	return nil, &Error{Op: "relay", Object: "source", Err: os.ErrInvalid, Hint: "a writer can't be read"}
}

func (e End) sink(l *Loop, wake func()) (sink, error) {
	switch e.kind {
	case endOwned, endBorrowed:
		return newPort(l, e.fd, e.kind, Out, wake)
	case endWriter:
		switch w := e.w.(type) {
		case *bytes.Buffer, *strings.Builder:
			return directSink{w}, nil
		case *os.File:
			return borrowFile(l, w, Out, wake)
		}
		if e.w == io.Discard {
			return nil, nil
		}
		return newGoSink(l, e.w, wake, nothing), nil
	case endNone:
		return nil, nil
	}
	return nil, &Error{Op: "relay", Object: "destination", Err: os.ErrInvalid, Hint: "a reader can't be written"}
}

// borrowFile makes a port of a descriptor of our own for f: its caller may close
// f at any time, and the number would then be of whatever is opened next.
func borrowFile(l *Loop, f *os.File, events uint32, wake func()) (*port, error) {
	fd, err := duplicate(f)
	if err != nil {
		return nil, &Error{Op: "relay", Object: f.Name(), Err: err, Hint: hint(err)}
	}
	p, err := newPort(l, fd, endBorrowed, events, wake)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	if p.fd == fd {
		p.owned = true
	} else {
		unix.Close(fd) // it was opened again
	}
	return p, nil
}

// duplicate uses SyscallConn, not Fd: Fd may change the description's O_NONBLOCK.
func duplicate(f *os.File) (fd int, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	ctlErr := conn.Control(func(n uintptr) { fd, err = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 3) })
	if ctlErr != nil {
		return -1, os.ErrClosed // nothing else is an error of Control's
	}
	return fd, err
}

// directSource is a reader in memory: it never blocks.
type directSource struct {
	loop    *Loop
	r       io.Reader
	wake    func()
	on      bool
	waiting bool
}

func (s *directSource) read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err == io.EOF {
		err = nil
	}
	return n, err
}

func (s *directSource) ready(on bool) error {
	s.on = on
	if on && !s.waiting {
		s.waiting = true
		s.loop.Post(s.posted)
	}
	return nil
}

func (s *directSource) posted() {
	s.waiting = false
	if s.on {
		s.on = false // it is one call for one turn; the relay asks again
		s.wake()
	}
}

func (s *directSource) close()                { s.on = false }
func (s *directSource) join() <-chan struct{} { return nil }

// directSink is a writer in memory.
type directSink struct{ w io.Writer }

func (s directSink) write(p []byte) (int, error) { return s.w.Write(p) }
func (s directSink) settled() (bool, int, error) { return true, 0, nil }
func (s directSink) ready(bool) error            { return nil }
func (s directSink) close()                      {}
func (s directSink) join() <-chan struct{}       { return nil }
