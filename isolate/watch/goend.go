package watch

import (
	"io"

	"golang.org/x/sys/unix"
)

// goSink writes to an io.Writer that may block, on a goroutine of its own, one
// chunk at a time: the relay fills the chunk only while the goroutine has none.
type goSink struct {
	loop   *Loop
	w      io.Writer
	wake   func()
	on     bool
	chunk  []byte
	chunks chan []byte
	done   chan struct{}
	busy   bool
	lost   int
	err    error
	free   func() // called when the goroutine ends
}

func newGoSink(l *Loop, w io.Writer, wake, free func()) *goSink {
	s := &goSink{loop: l, w: w, wake: wake, free: free, chunks: make(chan []byte, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// run ends when the relay has closed the channel and the writer has returned.
func (s *goSink) run() {
	defer close(s.done)
	defer s.free()
	for p := range s.chunks {
		n, err := s.w.Write(p)
		if n < len(p) && err == nil {
			err = io.ErrShortWrite
		}
		lost := len(p) - min(max(n, 0), len(p))
		s.loop.Post(func() { s.written(lost, err) })
	}
}

func (s *goSink) written(lost int, err error) {
	s.busy, s.lost, s.err = false, lost, err
	if s.on {
		s.wake()
	}
}

func (s *goSink) write(p []byte) (int, error) {
	if s.busy {
		return 0, unix.EAGAIN
	}
	if s.chunk == nil {
		s.chunk = make([]byte, bufferSize)
	}
	n := copy(s.chunk, p)
	s.busy = true
	s.chunks <- s.chunk[:n] // there is room: only one chunk is ever under way
	return n, nil
}

func (s *goSink) settled() (bool, int, error) { return !s.busy, s.lost, s.err }
func (s *goSink) ready(on bool) error         { s.on = on; return nil }
func (s *goSink) close()                      { s.on = false; close(s.chunks) }
func (s *goSink) join() <-chan struct{}       { return s.done }

// goSource reads an io.Reader that may block, on a goroutine of its own, which
// reads on only when the relay has taken all that it brought.
type goSource struct {
	loop  *Loop
	r     io.Reader
	wake  func()
	on    bool
	chunk []byte // lent to the goroutine while have is empty
	have  []byte
	err   error
	ended bool
	next  chan []byte // the memory to read into next
	free  func()
	done  chan struct{}
}

func newGoSource(l *Loop, r io.Reader, wake, free func()) *goSource {
	s := &goSource{loop: l, r: r, wake: wake, free: free, next: make(chan []byte, 1), done: make(chan struct{})}
	s.chunk = make([]byte, bufferSize)
	s.next <- s.chunk
	go s.run(s.next)
	return s
}

func (s *goSource) run(next <-chan []byte) {
	defer close(s.done)
	defer s.free()
	for p := range next {
		n, err := s.r.Read(p)
		s.loop.Post(func() { s.brought(p[:min(max(n, 0), len(p))], err) })
		if err != nil {
			return
		}
	}
}

func (s *goSource) brought(p []byte, err error) {
	s.have, s.ended = p, err != nil
	if err != io.EOF {
		s.err = err
	}
	if len(p) == 0 && err == nil {
		s.again() // a reader may give nothing without being at its end (io.Reader)
		return
	}
	if s.on {
		s.wake()
	}
}

func (s *goSource) read(p []byte) (int, error) {
	if len(s.have) == 0 {
		if s.ended {
			return 0, s.err
		}
		return 0, unix.EAGAIN
	}
	n := copy(p, s.have)
	s.have = s.have[n:]
	if len(s.have) == 0 && !s.ended {
		s.again()
	}
	return n, nil
}

// again sends the goroutine off for more, unless the source is closed.
func (s *goSource) again() {
	if s.next != nil {
		s.next <- s.chunk
	}
}

func (s *goSource) ready(on bool) error   { s.on = on; return nil }
func (s *goSource) join() <-chan struct{} { return s.done }

func (s *goSource) close() {
	s.on = false
	close(s.next)
	s.next = nil
}

// nothing is what an end that holds nothing has to free.
func nothing() {}
