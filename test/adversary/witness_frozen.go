package main

import (
	"bytes"
	"cmp"
	"context"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jailrun/jail/test/posture"
)

// frozenWitnesses stop a launch at a step, and look at its processes there.
var frozenWitnesses = []witness{
	{"before execve", frozen(mutation{at: []string{"freeze target: execve", "dumpable target: set umask"}})},
	{"before the fork", frozen(mutation{at: []string{"freeze init: fork the target", "dumpable init: name the process"}})},
	{"stage's error path", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		m := mutation{out: []string{"stage: report the error"}, at: []string{"fail " + stageFails, "freeze init: check that it is 1"}}
		f, err := s.freeze(ctx, v.launch(m, "/bin/true"))
		if err != nil {
			return nil, err
		}
		defer f.end()
		ended := soon(time.Second, func() bool { return slices.Equal(children(f.cmd.Process.Pid), []int{f.init}) })
		return posture.Report{"stage ended": strconv.FormatBool(ended)}, nil
	}},
	{"the stage does not end", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		f, err := s.freeze(ctx, v.launch(mutation{at: []string{"freeze stage: exit"}}, "/bin/echo", "here"))
		if err != nil {
			return nil, err
		}
		defer f.end()
		return posture.Report{"program ran": strconv.FormatBool(strings.Contains(f.says(), "here"))}, nil
	}},
	{"before pivot_root", frozen(mutation{at: []string{"freeze init: pivot_root"}})},
	{"init keeps its privileges", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		f, err := s.freeze(ctx, v.launch(mutation{at: []string{"freeze init: filter init's calls"}}, "/bin/echo", "here"))
		if err != nil {
			return nil, err
		}
		defer f.end()
		// It has run, or waits for init.
		soon(deadline, func() bool { return f.says() != "" || f.target > 0 && waits(f.target, "wait_intr") })
		return posture.Report{"program ran": strconv.FormatBool(f.says() != "")}, nil
	}},
	{"init does not end", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		m := mutation{at: []string{"freeze init: exit, and the namespace with it"}}
		f, err := s.freeze(ctx, v.launch(m, "/bin/true").with("--wall", "500ms"))
		if err != nil {
			return nil, err
		}
		defer f.end()
		// An account that is settled has no limit of time any more.
		limited, err := ends(f.cmd.Process.Pid, 2*time.Second)
		return posture.Report{"limit of time": strconv.FormatBool(limited)}, err
	}},
	{"init has no supervisor at its birth", func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		l := v.launch(mutation{at: []string{"orphan init: set the clocks back", "freeze init: name the process"}}, "/bin/true")
		f, err := s.freeze(ctx, l)
		if err != nil {
			return nil, err
		}
		defer f.end()
		if f.init == 0 {
			return posture.Report{"init": "none: " + f.says()}, nil
		}
		if err := f.orphan(); err != nil {
			return nil, err
		}
		ended, err := ends(f.init, deadline)
		if !ended {
			_ = syscall.Kill(f.init, syscall.SIGKILL)
		}
		return posture.Report{"init ended": strconv.FormatBool(ended)}, err
	}},
}

// deadline is far beyond what the end of a jail takes.
const deadline = 3 * time.Second

// frozen tells what pid 1 and the target are like at the step at which they are
// frozen.
func frozen(m mutation) func(context.Context, *scene, view) (posture.Report, error) {
	return func(ctx context.Context, s *scene, v view) (posture.Report, error) {
		f, err := s.freeze(ctx, v.launch(m, "/bin/true"))
		if err != nil {
			return nil, err
		}
		defer f.end()
		seen := posture.Report{"text": f.says()}
		describe(seen, "init.", f.init)
		describeFiles(seen, "init.", f.init)
		if f.target > 0 {
			describe(seen, "target.", f.target)
			describeFiles(seen, "target.", f.target)
		}
		return seen, nil
	}
}

// frozenJail is one of which a process is frozen.
type frozenJail struct {
	cmd          *exec.Cmd
	out          *outputs
	init, target int // pids; 0 where there is none
}

// freeze starts a jail, and waits until pid 1, and the target where there is one,
// wait in a poll, or the jail has ended.
func (s *scene) freeze(ctx context.Context, l launch) (*frozenJail, error) {
	f := &frozenJail{cmd: s.weakCommand(ctx, l), out: &outputs{}}
	f.cmd.Stdout, f.cmd.Stderr = f.out, f.out
	if err := f.cmd.Start(); err != nil {
		return nil, err
	}
	soon(deadline, func() bool {
		f.init, f.target = jailed(f.cmd.Process.Pid)
		return f.init > 0 && waits(f.init, "poll") && (f.target == 0 || waits(f.target, "poll")) || gone(f.cmd.Process.Pid)
	})
	if err := cmp.Or(asked(f.out.String()), ctx.Err()); err != nil {
		f.end()
		return nil, err
	}
	return f, nil
}

func (f *frozenJail) kill() { _ = f.cmd.Process.Kill() }

// orphan ends the supervisor while init stands still. Init sees the end of a
// descriptor before the kernel has told those who asked to die with the
// supervisor: were it to run on in between, it would be one of them.
func (f *frozenJail) orphan() error {
	if err := syscall.Kill(f.init, syscall.SIGSTOP); err != nil {
		return err
	}
	f.end()
	return syscall.Kill(f.init, syscall.SIGCONT)
}

// end ends the jail, and with it all that is in it.
func (f *frozenJail) end() {
	f.kill()
	_ = f.cmd.Wait() // it was killed
}

// says is what jail and its program have said so far.
func (f *frozenJail) says() string { return numbers.ReplaceAllString(f.out.String(), "N") }

// outputs is a buffer that can be read while it is written.
type outputs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *outputs) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *outputs) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
