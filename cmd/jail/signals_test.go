package main

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestASignalThatNoProgramCanGetCancelsTheRun(t *testing.T) {
	gone := func(os.Signal) error { return os.ErrProcessDone }
	for _, send := range []func(os.Signal) error{nil, gone} {
		for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
			canceled := false
			s := &signals{cancel: func() { canceled = true }, send: send}
			s.serve(sig)
			if !canceled || s.fatal != sig {
				t.Errorf("%v, program there: %v: canceled %v, jail is to die of %v", sig, send != nil, canceled, s.fatal)
			}
		}
	}
}

func TestOtherSignalsWaitForTheProgramAndEndNothing(t *testing.T) {
	s := &signals{cancel: func() { t.Error("canceled") }}
	s.serve(unix.SIGUSR1)
	var got []os.Signal
	s.forward(func(sig os.Signal) error { got = append(got, sig); return os.ErrProcessDone })
	s.serve(unix.SIGUSR2)
	if len(got) != 2 || got[0] != unix.SIGUSR1 || got[1] != unix.SIGUSR2 {
		t.Errorf("the program got %v", got)
	}
}
