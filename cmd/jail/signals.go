package main

import (
	"context"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// forwarded are the signals that the program gets instead of jail.
var forwarded = [...]os.Signal{
	unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH, unix.SIGCONT, unix.SIGALRM,
}

// signals are those that come to jail while a program runs.
type signals struct {
	interrupted chan struct{} // closed at Ctrl-C
	running     chan func(os.Signal) error
}

func newSignals() *signals {
	return &signals{interrupted: make(chan struct{}), running: make(chan func(os.Signal) error, 1)}
}

// catch has Ctrl-C cancel the run, and other signals kept for the program until
// it is there. A second Ctrl-C ends jail itself, and with it the jail. SIGPIPE
// is caught and dropped: the result must still be written when nobody reads the
// program's output any more; ignoring it would hand that down to the program.
//
// It starts threads, which takes half as long as a jail, and so comes when the
// jail is being built: until then a signal ends jail, and with it what it has
// started.
func (s *signals) catch(cancel context.CancelFunc) {
	ints, rest := make(chan os.Signal, 1), make(chan os.Signal, 32)
	signal.Notify(ints, unix.SIGINT)
	signal.Notify(rest, forwarded[:]...)
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	go func() {
		<-ints
		signal.Reset(unix.SIGINT)
		close(s.interrupted)
		cancel()
	}()
	go func() {
		send := <-s.running
		for sig := range rest {
			_ = send(sig) // the program may be gone, then nobody is to get it
		}
	}()
}

// forward lets the program have its signals.
func (s *signals) forward(send func(os.Signal) error) { s.running <- send }

// dieIfInterrupted ends jail by the same signal, as a shell must see it to end
// a loop that it is in: 130 there. It returns if there was no Ctrl-C.
func (s *signals) dieIfInterrupted() {
	select {
	case <-s.interrupted:
		signal.Reset(unix.SIGINT)
		_ = unix.Kill(unix.Getpid(), unix.SIGINT)
		os.Exit(128 + int(unix.SIGINT)) // pid 1 of a namespace is not killed by it
	default:
	}
}
