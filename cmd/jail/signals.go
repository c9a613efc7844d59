package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"time"

	"github.com/jailrun/jail/internal/sigfd"
	"github.com/jailrun/jail/isolate"
	"golang.org/x/sys/unix"
)

// forwarded are the signals that the program gets instead of jail.
var forwarded = [...]unix.Signal{
	unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH, unix.SIGCONT, unix.SIGALRM,
}

// ending are the signals whose sender wants an end. They are never lost: where
// no program is to get them, they are jail's own.
var ending = [...]unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT}

// signals are those that come to jail while a program runs. All happens on the
// run's own goroutine.
type signals struct {
	fd     int
	cancel context.CancelFunc
	send   func(os.Signal) error // nil until the program is there
	early  []os.Signal           // what came before it
	told   unix.Signal           // wants an end, and was passed on
	fatal  unix.Signal           // canceled the run, and is yet to end jail
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

// take serves the signals that have come.
func (s *signals) take() {
	for sig, ok := sigfd.Next(s.fd); ok; sig, ok = sigfd.Next(s.fd) {
		s.serve(sig)
	}
}

// serve passes a signal on. A second Ctrl-C ends jail itself, and with it the
// jail. No other signal does so: timeout(1) sends its own twice.
func (s *signals) serve(sig unix.Signal) {
	switch {
	case sig == unix.SIGINT && s.fatal != 0:
		die(sig)
	case sig != unix.SIGINT && s.passOn(sig):
	case s.fatal == 0 && slices.Contains(ending[:], sig):
		s.fatal = sig
		s.cancel()
	}
}

// passOn says whether the program gets the signal. One that wants an end does
// not wait for a launch, which may hang.
func (s *signals) passOn(sig unix.Signal) bool {
	ends := slices.Contains(ending[:], sig)
	if s.send == nil {
		if !ends && len(s.early) < maxEarly {
			s.early = append(s.early, sig)
		}
		return !ends
	}
	if errors.Is(s.send(sig), os.ErrProcessDone) {
		return false
	}
	if ends && s.told == 0 {
		s.told = sig
		go again(s.send, sig)
	}
	return true
}

// again brings the signal back when the program has ended by it and jail has
// not, which then waits for a reader of the output: the sender believes that
// one signal is enough. The end of a program comes a little before that of its
// run, which must not be taken for a wait.
func again(send func(os.Signal) error, sig unix.Signal) {
	const pause = 500 * time.Millisecond
	for !errors.Is(send(unix.Signal(0)), os.ErrProcessDone) {
		time.Sleep(pause)
	}
	time.Sleep(pause)
	sigfd.Again(sig)
}

// forward lets the program have its signals.
func (s *signals) forward(send func(os.Signal) error) {
	s.send = send
	for _, sig := range s.early {
		_ = send(sig)
	}
}

// lastLines is how long jail's own lines may take when an end is wanted.
const lastLines = 2 * time.Second

// release is for what jail itself has to do when the run is over: whoever does
// not read jail's own lines must not keep it from a signal, be it still to come or
// here already. The signals that are the program's business stay harmless.
func (s *signals) release() {
	for _, sig := range ending {
		_ = sigfd.Reset(sig)
	}
	for sig, ok := sigfd.Next(s.fd); ok; sig, ok = sigfd.Next(s.fd) {
		if s.fatal == 0 && slices.Contains(ending[:], sig) {
			s.fatal = sig // it came for the program, too late
		}
	}
	if sig := cmp.Or(s.fatal, s.told); sig != 0 {
		time.AfterFunc(lastLines, func() { die(sig) })
	}
}

// dieIfCanceled ends jail by the signal that ended the run, as a shell must see
// it to end a loop that it is in: 130 there after a Ctrl-C. It returns if there
// was none.
func (s *signals) dieIfCanceled() {
	if s.fatal != 0 {
		die(s.fatal)
	}
}

// die sends the signal to its own thread, which takes it before it goes on: that
// of another one might come after the exit.
func die(sig unix.Signal) {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // SIGQUIT: nobody is to debug jail
	_ = sigfd.Reset(sig)
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), sig)
	os.Exit(128 + int(sig)) // pid 1 of a namespace is not killed by it
}
