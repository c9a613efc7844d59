package watch

import (
	"io"

	"golang.org/x/sys/unix"
)

// blocking is a shared descriptor that can only be used by calls that may
// block; a goroutine makes them, through a copy of the descriptor, which stays
// valid when the caller closes his.
type blocking struct {
	fd   int
	wait int16 // the poll(2) events before a call can go on
	src  *goSource
	sink *goSink
}

func newBlocking(l *Loop, fd int, events uint32, wake func()) *blocking {
	b := &blocking{fd: -1}
	if dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3); err == nil {
		b.fd = dup // else each call gives EBADF, which the relay records
	}
	if events == In {
		b.wait, b.src = unix.POLLIN, newGoSource(l, b, wake, b.free)
	} else {
		b.wait, b.sink = unix.POLLOUT, newGoSink(l, b, wake, b.free)
	}
	return b
}

func (b *blocking) free() {
	if b.fd >= 0 {
		unix.Close(b.fd)
	}
}

func (b *blocking) ready(on bool) error {
	if b.src != nil {
		return b.src.ready(on)
	}
	return b.sink.ready(on)
}

func (b *blocking) close() {
	if b.src != nil {
		b.src.close()
	} else {
		b.sink.close()
	}
}

func (b *blocking) done() <-chan struct{} {
	if b.src != nil {
		return b.src.done
	}
	return b.sink.done
}

// Read is for the goroutine.
func (b *blocking) Read(p []byte) (int, error) {
	n, err := b.call(unix.Read, p)
	if n == 0 && err == nil || err == unix.EIO && isTerminal(b.fd) {
		return 0, io.EOF
	}
	return n, err
}

// Write is for the goroutine.
func (b *blocking) Write(p []byte) (done int, err error) {
	for done < len(p) && err == nil {
		var n int
		n, err = b.call(unix.Write, p[done:])
		done += n
	}
	return done, err
}

// call calls op until it is not interrupted, and waits where another holder of
// the description has made it non-blocking.
func (b *blocking) call(op func(int, []byte) (int, error), p []byte) (int, error) {
	for {
		n, err := op(b.fd, p)
		if err == unix.EAGAIN {
			if _, err = unix.Poll([]unix.PollFd{{Fd: int32(b.fd), Events: b.wait}}, -1); err == nil {
				continue
			}
		}
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}
