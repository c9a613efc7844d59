package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// patience bounds one run of an attack: one that hangs is broken.
const patience = 20 * time.Second

// against makes every attack as one user, outside and inside.
func (s *scene) against(ctx context.Context, list []*attack, uid int) ([]outcome, error) {
	var done []outcome
	for _, a := range list {
		if !a.isFor(uid) || s.peer != nil && !a.isForPeers() {
			continue
		}
		out, err := s.outside(ctx, a, uid)
		if err != nil {
			return nil, err
		}
		in, err := s.held(ctx, a, uid)
		if err != nil {
			return nil, err
		}
		v, words := judge(out, in)
		done = append(done, outcome{attack: a, uid: uid, verdict: v, words: words})
	}
	return done, ctx.Err()
}

// outside shows that an attack succeeds where its wall is not. Its Proof says
// where that is:
//
//	plain        as a process of the same user
//	own          as one that has namespaces of its own for all that it may change
//	jail FLAGS   in a jail without that wall, or with a wider one
func (s *scene) outside(ctx context.Context, a *attack, uid int) (said, error) {
	switch a.proof[0] {
	case "plain":
		return s.play(ctx, a, uid, s.direct(a, uid), nil)
	case "own":
		return s.play(ctx, a, uid, s.direct(a, uid), ownNamespaces(uid))
	case "jail":
		return s.inside(ctx, a, uid, a.proof[1:])
	}
	return said{}, fmt.Errorf("%s: there is no proof %q", a, a.proof[0])
}

// direct is the command line of an attack without a jail.
func (s *scene) direct(a *attack, uid int) []string {
	return append(append(append([]string(nil), a.caller...), a.program(s.dir)), s.facts(uid)...)
}

// ownNamespaces are made new for a process, and vanish with it. An ordinary user
// is root in them.
func ownNamespaces(uid int) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS | syscall.CLONE_NEWNET | syscall.CLONE_NEWCGROUP, Pdeathsig: syscall.SIGKILL}
	if uid != 0 {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		a.Credential = &syscall.Credential{NoSetGroups: true}
	}
	return a
}

// held plays an attack against what is to hold it.
func (s *scene) held(ctx context.Context, a *attack, uid int) (said, error) {
	if s.peer == nil {
		return s.inside(ctx, a, uid, a.flags)
	}
	facts := s.facts(uid)
	flags := make([]string, len(a.flags))
	for i, f := range a.flags {
		flags[i] = fill(f, facts)
	}
	if s.peer.enter != nil {
		undo, err := s.peer.enter()
		if err != nil {
			return said{}, fmt.Errorf("%s: %w", s.peer.name, err)
		}
		defer undo()
	}
	argv := append(append([]string(nil), a.caller...), s.peer.argv(s, uid, a.program(s.dir), flags)...)
	got, err := s.play(ctx, a, uid, append(argv, facts...), nil)
	if got.status < 0 || got.status > 128 {
		got.reason = "ended by its holder or the kernel"
	}
	return got, err
}

// program is jail, or the one that leaves walls out.
func (s *scene) program() string {
	if s.hook != nil {
		return s.weak()
	}
	return s.jail
}

// inside plays an attack in a jail with these flags.
func (s *scene) inside(ctx context.Context, a *attack, uid int, flags []string) (said, error) {
	file, err := s.resultFile(uid)
	if err != nil {
		return said{}, err
	}
	argv := slices.Concat(a.caller, []string{s.program(), "exec", "--quiet", "--json", file})
	if !slices.Contains(flags, "--wall") {
		argv = append(argv, "--wall", "15s")
	}
	facts := s.facts(uid)
	for _, f := range flags {
		argv = append(argv, fill(f, facts))
	}
	argv = append(append(argv, "--", "./"+filepath.Base(a.program(s.dir))), facts...)
	got, err := s.play(ctx, a, uid, argv, nil)
	if err != nil {
		return got, err
	}
	r, err := readResult(file)
	if err != nil {
		return got, fmt.Errorf("%s: %w: %s", a, err, got.words)
	}
	got.reason = r.Reason
	if r.Error != nil {
		got.words = r.Error.Text
	}
	return got, nil
}

// fill puts what an attack is told in the place of a name in braces.
func fill(flag string, facts []string) string {
	for _, f := range facts {
		name, value, _ := strings.Cut(f, "=")
		flag = strings.ReplaceAll(flag, "{"+name+"}", value)
	}
	return flag
}

// credential makes a process a user's.
func credential(uid int) *syscall.SysProcAttr {
	if uid == 0 {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
}

// play runs a command line as a user.
func (s *scene) play(ctx context.Context, a *attack, uid int, argv []string, attr *syscall.SysProcAttr) (said, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := s.command(ctx, a, uid, argv, attr)
	out, err := s.output(a, c)
	got := said{words: lastLine(out)}
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		got.status = exit.ExitCode()
		if got.status < 0 {
			got.words = exit.String()
		}
	default:
		return got, fmt.Errorf("%s: %w", a, err)
	}
	if a.after != "" && s.outlived(a.after, uid) {
		got.status, got.words = statusBreached, a.after+" was made later"
	}
	return got, nil
}

// command has what a caller has by carelessness: a secret in its environment, and
// a descriptor of the host's root.
func (s *scene) command(ctx context.Context, a *attack, uid int, argv []string, attr *syscall.SysProcAttr) *exec.Cmd {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = []string{"PATH=/usr/bin:/bin", "SECRET=" + s.marker, "HOME=/nonexistent", "JAIL_STORE=" + s.store(uid)}
	c.Env = append(c.Env, s.hook...)
	c.ExtraFiles = []*os.File{s.leak}
	c.Dir = s.dir
	c.WaitDelay = time.Second
	if attr == nil {
		attr = credential(uid)
	}
	if a.groups {
		attr.Credential = &syscall.Credential{Groups: []uint32{6, 24}}
	}
	c.SysProcAttr = attr
	return c
}

// output runs a command with the streams that an attack asks for, and gives what
// it has said.
func (s *scene) output(a *attack, c *exec.Cmd) (string, error) {
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	var file *os.File
	if a.toFile {
		var err error
		if file, err = os.Create(filepath.Join(s.dir, "output")); err != nil {
			return "", err
		}
		defer file.Close()
		c.Stdout = file
	}
	run := c.Run
	if a.terminal {
		run = func() error { return atTerminal(c) }
	}
	ended := run()
	if file != nil {
		text, err := os.ReadFile(file.Name())
		if err != nil {
			return "", err
		}
		out.Write(bytes.Trim(text, "\x00"))
	}
	return out.String(), ended
}

// outlived waits for as long as what an attack has left behind takes, and says
// whether it has done its work. That nothing is left shows in no event.
func (s *scene) outlived(name string, uid int) bool {
	time.Sleep(600 * time.Millisecond)
	return os.Remove(filepath.Join(s.rw(uid), name)) == nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	return s
}
