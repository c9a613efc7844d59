package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jailrun/jail/test/posture"
)

// deathWitnesses end, or stop, the supervisor or pid 1 while a program runs, and
// one changes what the host shows.
var deathWitnesses = []witness{
	{"the supervisor is killed", killed(mutation{}, nil)},
	{"the supervisor is killed, and init stopped", killed(mutation{}, func(h *held) { _ = syscall.Kill(h.init, syscall.SIGSTOP) })},
	{"the supervisor is killed, and init has no signal", killed(mutation{out: []string{"init: die with the supervisor"}}, nil)},
	{"the supervisor is stopped", stopped},
	{"the host mounts something", mountsLater(mutation{at: []string{"fail init: mount overlay of /usr"}}, "/usr/src")},
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
		return posture.Report{"program": "none"}, nil
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
			return posture.Report{"program": "none"}, nil
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

// mountsLater tells whether a jail shows what the host, whose mounts are shared
// as most hosts' are, has mounted since over a folder that the jail shows.
func mountsLater(m mutation, dir string) func(context.Context, *scene, view) (posture.Report, error) {
	return func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		fifo := filepath.Join(s.rw(v.uid), "go")
		defer os.Remove(fifo)
		inner := s.weakCommand(ctx, v.launch(m, "/bin/sh", "-c", "echo here; read go; ls "+dir))
		// The jail is told by its input; the one who mounts waits for its word.
		script := `mkfifo "$0" && exec 3<>"$0" || exit 9; dir=$1; shift
			"$@" <&3 | { read word; mount -t tmpfs none "$dir" && touch "$dir/mounted-later"; echo go >&3; cat; }`
		argv := append([]string{"--mount", "--propagation", "shared", "sh", "-c", script, fifo, dir}, inner.Args...)
		c := exec.CommandContext(ctx, "unshare", argv...)
		c.Env, c.Dir, c.WaitDelay = inner.Env, "/", time.Second
		out, err := c.CombinedOutput()
		seen := posture.Report{"shown": strconv.FormatBool(strings.Contains(string(out), "mounted-later")), "error": "none"}
		if err != nil {
			seen["error"] = err.Error()
		}
		return seen, nil
	}
}
