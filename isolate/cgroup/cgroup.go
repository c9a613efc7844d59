// Package cgroup makes, reads, kills and removes the control groups of one
// jail by raw files, on cgroup v1, v2 and hybrid hosts.
//
// All groups lie below the process's own outer group, or on v2 below one that
// the same limits hold for, so a limit that somebody put around the supervisor
// also holds for what it runs.
//
// On v1 a group is one directory for each hierarchy in use (memory, pids and
// cpuacct, and more when asked), which only the target joins. Where the v2 tree
// is mounted beside them (hybrid) a twin without controllers holds init and the
// target together, for cgroup.kill, cgroup.events and CLONE_INTO_CGROUP.
//
// On v2 a group that distributes memory can't have processes of its own ("no
// internal processes", Documentation/admin-guide/cgroup-v2.rst), and init must
// not be under the target's limits. So it is three directories:
//
//	jail-PID-START-SEQ      kill and events, nobody lives here
//	jail-PID-START-SEQ/i    init, without limits
//	jail-PID-START-SEQ/t    the target, with limits
//
// The same rule keeps a v2 group with processes from distributing controllers.
// Our own has one at least, ourselves, and in a login shell several. Then we
// move to a leaf, if we are alone and the group is ours to arrange; or groups are
// made in the nearest group above that can have them, if no group on the way
// limits anything: memory, processes, CPU time, cores, I/O. So no limit that we
// are under is lost, and nobody else is moved. Where one would be lost the error
// names it: systemd-run --scope -p Delegate=yes gives a group of one's own, and
// jail doctor --delegate one whose members can have many jails.
package cgroup

import (
	"errors"
	"syscall"
)

// Mode is the kind of cgroup set-up in which groups can be made.
type Mode string

// The modes.
const (
	ModeV1     Mode = "v1"     // all controllers on v1, no v2 tree that we may write to
	ModeV2     Mode = "v2"     // all controllers on the v2 tree
	ModeHybrid Mode = "hybrid" // limits on v1, kill and events on a v2 twin
	ModeNone   Mode = "none"   // no group with limits can be made; Host.Why says why
)

// Error is a failed operation on a group, with the way to mend it.
type Error struct {
	Op   string // what was tried: "mkdir", "write", "enable memory"
	Path string // on which file or directory
	Err  error  // why it failed; errors.Is and errors.As see it
	Hint string // what to do about it; empty when there is nothing
}

// Error names operation, object, cause and mend.
func (e *Error) Error() string {
	s := e.Op + " " + e.Path + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// The causes that are not the kernel's.
var (
	ErrNoController = errors.New("the controller is not available")
	ErrNotHeld      = errors.New("the kernel did not take the value")
	ErrUnreachable  = errors.New("our own group can't be seen from here")
	ErrBadName      = errors.New("not a name of the form jail-PID-START-SEQ")
	ErrClosed       = errors.New("the group is closed")
	ErrNoFigure     = errors.New("the kernel gave no number")
	ErrHeld         = errors.New("another process holds its lock")
)

// groupMode keeps all other users from a group's directories: who can open one
// can lock it, and so keep the group from its owner and from gc.
const groupMode = 0o700

// Passing reports whether an error tells of something that is short at this
// moment, descriptors or memory, or in another's hands, and so nothing of what
// the host gives.
func Passing(err error) bool {
	return errors.Is(err, ErrHeld) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}

// ifPassing leaves an error out that a host may answer with for good.
func ifPassing(err error) error {
	if Passing(err) {
		return err
	}
	return nil
}

// Mends, by what went wrong.
const (
	hintContainer = `other processes are in this container's own group; move them to one below it first: mkdir /sys/fs/cgroup/init; for p in $(cat /sys/fs/cgroup/cgroup.procs); do echo $p >/sys/fs/cgroup/init/cgroup.procs; done`
	hintReadOnly  = "the cgroup file system is read-only here; the outer container needs a writable one (docker run --cgroupns=private -v /sys/fs/cgroup:/sys/fs/cgroup:rw, or --privileged)"
	hintFull      = `the hierarchy is full (cgroup.max.descendants or cgroup.max.depth of a group above): run "jail gc", or raise it`
	hintMissing   = "the kernel or a group above withholds the controller: see cgroup.subtree_control of the parent, and cgroup_disable= on the kernel's command line"
	hintMount     = "mount the cgroup file system at /sys/fs/cgroup, or let the outer container do so"
	hintHeld      = "start it again: a process of the same user, in another pid namespace perhaps, takes it for one that was left behind"
	hintAlive     = "processes are still in it: kill the group first"
)

var hints = [...]struct {
	cause error
	hint  string
}{
	{syscall.EROFS, hintReadOnly},
	{syscall.EAGAIN, hintFull},
	{syscall.ENOSPC, hintFull},
	{syscall.EBUSY, hintAlive},
	{ErrHeld, hintHeld},
}

// fail wraps err with what was tried and the usual mend for its cause.
func fail(op, path string, err error) error {
	e := &Error{Op: op, Path: path, Err: err}
	for _, h := range hints {
		if errors.Is(err, h.cause) {
			e.Hint = h.hint
		}
	}
	switch {
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		e.Hint = delegateHint()
	case errors.Is(err, syscall.EOPNOTSUPP):
		e.Hint = "a threaded group can't hold one with memory limits: " + delegateHint()
	}
	return e
}
