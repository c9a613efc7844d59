package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/jailrun/jail/internal/sigfd"
	"github.com/jailrun/jail/isolate"
	"golang.org/x/sys/unix"
)

// forwarded are the signals that the program gets instead of jail.
var forwarded = [...]unix.Signal{
	unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH, unix.SIGCONT, unix.SIGALRM,
}

// signals are those that come to jail while a program runs. All happens on the
// run's own goroutine.
type signals struct {
	fd          int
	cancel      context.CancelFunc
	send        func(os.Signal) error // nil until the program is there
	early       []os.Signal           // what came before it
	interrupted bool                  // by Ctrl-C
}

// maxEarly bounds what is kept for a program that is not there yet.
const maxEarly = 32

// catch has Ctrl-C cancel the run, and other signals kept for the program until
// it is there. SIGPIPE is ignored: the result must still be written when nobody
// reads the program's output any more. The program does not inherit that; a
// launch resets every disposition.
func catch(cancel context.CancelFunc) (*signals, error) {
	fd, err := sigfd.Notify(append(forwarded[:len(forwarded):len(forwarded)], unix.SIGINT)...)
	if err != nil {
		return nil, err
	}
	signal.Ignore(unix.SIGPIPE)
	return &signals{fd: fd, cancel: cancel}, nil
}

// wake is what the run watches.
func (s *signals) wake() *isolate.Wake { return &isolate.Wake{Fd: s.fd, Ready: s.take} }

// take serves the signals that have come. A second Ctrl-C ends jail itself, and
// with it the jail.
func (s *signals) take() {
	for {
		sig, ok := sigfd.Next(s.fd)
		switch {
		case !ok:
			return
		case sig == unix.SIGINT && s.interrupted:
			s.die()
		case sig == unix.SIGINT:
			s.interrupted = true
			s.cancel()
		case s.send != nil:
			_ = s.send(sig) // the program may be gone, then nobody is to get it
		case len(s.early) < maxEarly:
			s.early = append(s.early, sig)
		}
	}
}

// forward lets the program have its signals.
func (s *signals) forward(send func(os.Signal) error) {
	s.send = send
	for _, sig := range s.early {
		_ = send(sig)
	}
}

// dieIfInterrupted ends jail by the same signal, as a shell must see it to end
// a loop that it is in: 130 there. It returns if there was no Ctrl-C.
func (s *signals) dieIfInterrupted() {
	if s.interrupted {
		s.die()
	}
}

func (s *signals) die() {
	_ = sigfd.Reset(unix.SIGINT)
	_ = unix.Kill(unix.Getpid(), unix.SIGINT)
	os.Exit(128 + int(unix.SIGINT)) // pid 1 of a namespace is not killed by it
}
