package cores

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// Answer is what a jail without a lease says to a lessee.
type Answer byte

// The answers.
const (
	Left   Answer = 'l' // none of its processes runs on a leased core
	Stays  Answer = 's' // all that it may use would be leased: it needs one of them
	Shares Answer = 'b' // it could not be moved
)

// answers collects what the jails say. Who hangs up has ended. It gives those
// that stay, and whether all others have left.
func answers(asked []Holder, until time.Time) (stays []Holder, left bool) {
	left = true
	open := make([]Holder, len(asked))
	copy(open, asked)
	for len(open) > 0 {
		fds := make([]unix.PollFd, len(open))
		for i, h := range open {
			fds[i] = unix.PollFd{Fd: int32(h.Fd), Events: unix.POLLIN}
		}
		n, err := unix.Poll(fds, millis(until))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return stays, false
		}
		silent := open[:0]
		for i, h := range open {
			switch a := heard(h.Fd, fds[i].Revents); a {
			case 0:
				silent = append(silent, h)
			case Stays:
				stays = append(stays, h)
			case Shares:
				left = false
			}
		}
		open = silent
	}
	return stays, left
}

// heard reads an answer, 0 where there is none yet. A hang-up is as good as an
// answer: nobody of that jail is left.
func heard(fd int, events int16) Answer {
	if events == 0 {
		return 0
	}
	var b [1]byte
	switch n, err := unix.Read(fd, b[:]); {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return 0
	case err != nil || n == 0:
		return Left
	}
	return Answer(b[0])
}
