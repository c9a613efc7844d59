package main

import (
	"context"
	"strconv"
	"syscall"

	"github.com/jailrun/jail/test/posture"
)

// deathWitnesses end, or stop, the supervisor or pid 1 while a program runs.
var deathWitnesses = []witness{
	{"the supervisor is killed", killed(mutation{}, nil)},
	{"the supervisor is killed, and init stopped", killed(mutation{}, func(h *held) { _ = syscall.Kill(h.init, syscall.SIGSTOP) })},
	{"the supervisor is killed, and init has no signal", killed(mutation{out: []string{"init: die with the supervisor"}}, nil)},
	{"the supervisor is stopped", stopped},
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
	ended := soon(deadline, func() bool { return gone(h.target) })
	_ = h.cmd.Process.Signal(syscall.SIGCONT) // it is stopped, and so is there
	return posture.Report{"program ended": strconv.FormatBool(ended)}, nil
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
		ended := soon(deadline, func() bool { return gone(h.init) && gone(h.target) })
		if !ended {
			_ = syscall.Kill(h.init, syscall.SIGKILL)
		}
		h.end()
		return posture.Report{"all ended": strconv.FormatBool(ended)}, nil
	}
}
