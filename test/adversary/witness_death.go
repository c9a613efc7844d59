package main

import (
	"context"
	"strconv"
	"syscall"
	"time"

	"github.com/jailrun/jail/test/posture"
)

// deathWitnesses end, or stop, the supervisor or pid 1 while a program runs.
var deathWitnesses = []witness{
	{"the supervisor is killed", killed(mutation{}, nil)},
	{"the supervisor is killed, and init stopped", killed(mutation{}, func(h *held) { _ = syscall.Kill(h.init, syscall.SIGSTOP) })},
	{"the supervisor is killed, and init has no signal", killed(mutation{out: []string{"init: die with the supervisor"}}, nil)},
	{"the supervisor is stopped", stopped},
	{"the supervisor is stopped as the program ends", stoppedOver},
}

// stopped tells whether a program ends at its limit of time while its supervisor
// is stopped.
func stopped(ctx context.Context, s *scene, v view) (posture.Report, error) {
	h, err := s.hold(ctx, v.launch(mutation{}, "/bin/sh", "-c", "echo here; read end").with("--wall", "300ms"))
	if err != nil {
		return nil, err
	}
	defer h.end()
	if h.target == 0 || h.cmd.Process.Signal(syscall.SIGSTOP) != nil {
		return posture.Report{"program": "none: " + h.said.String()}, nil
	}
	ended, err := ends(h.target, deadline)
	_ = h.cmd.Process.Signal(syscall.SIGCONT) // it is stopped, and so is there
	return posture.Report{"program ended": strconv.FormatBool(ended)}, err
}

// stoppedOver tells what the verdict is on a program that has ended in time, of
// which a supervisor that was stopped hears when the time is over.
func stoppedOver(ctx context.Context, s *scene, v view) (posture.Report, error) {
	const wall = 500 * time.Millisecond
	l := v.launch(mutation{}, "/bin/sh", "-c", "echo here; sleep 0.1").with("--wall", wall.String())
	var err error
	if l.result, err = s.resultFile(v.uid); err != nil {
		return nil, err
	}
	h, err := s.hold(ctx, l)
	if err != nil {
		return nil, err
	}
	if h.target == 0 || h.cmd.Process.Signal(syscall.SIGSTOP) != nil {
		h.end()
		return posture.Report{"program": "none: " + h.said.String()}, nil
	}
	time.Sleep(2 * wall) // the time is to be over, which is no event
	_ = h.cmd.Process.Signal(syscall.SIGCONT)
	h.end()
	r, err := readResult(l.result)
	if err != nil {
		return posture.Report{"result": "none"}, nil // its lack is what there is to tell
	}
	return posture.Report{"reason": r.Reason}, nil
}

// killed tells whether a jail's processes end with its supervisor.
func killed(m mutation, before func(*held)) func(context.Context, *scene, view) (posture.Report, error) {
	return func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		h, err := s.hold(ctx, v.launch(m, "/bin/sh", "-c", "echo here; sleep 15"))
		if err != nil {
			return nil, err
		}
		if h.target == 0 {
			h.end()
			return posture.Report{"program": "none: " + h.said.String()}, nil
		}
		if before != nil {
			before(h)
		}
		_ = h.cmd.Process.Kill()
		ended, err := ends(h.init, deadline)
		if ended && err == nil {
			ended, err = ends(h.target, deadline)
		}
		if !ended {
			_ = syscall.Kill(h.init, syscall.SIGKILL)
		}
		h.end()
		return posture.Report{"all ended": strconv.FormatBool(ended)}, err
	}
}
