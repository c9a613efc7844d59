package stage

import (
	"os"

	"golang.org/x/sys/unix"
)

// cloneHolder clones this thread into a process that waits to be killed, unless
// its parent is not the given one. It gives the pid or a negated errno.
func cloneHolder(flags, parent uintptr) (pid int)

// Holder is a process that does nothing but hold the user namespace that it was
// made with, so that a descriptor of it can be opened. It shares this one's
// memory and descriptors, which makes it some ten times as cheap as a stage.
type Holder struct{ PID int }

// Hold starts a holder in a user namespace of its own, user_namespaces(7). The
// caller's goroutine must be locked to its thread until it has ended the holder,
// which dies with the thread: PR_SET_PDEATHSIG. Only a process whose threads end
// with it alone does without, as for StartHere.
func Hold() (*Holder, error) {
	pid := cloneHolder(unix.CLONE_NEWUSER|unix.CLONE_VM|unix.CLONE_FILES, uintptr(unix.Getpid()))
	if pid < 0 {
		return nil, os.NewSyscallError("clone", unix.Errno(-pid))
	}
	return &Holder{pid}, nil
}

// End kills the holder. It is gone when it has been reaped.
func (h *Holder) End() { _ = unix.Kill(h.PID, unix.SIGKILL) }

// Reap waits for the end of a holder that End has killed. Without an exit signal
// it is nobody's whose wait4(-1) does not ask for such children (__WALL).
func (h *Holder) Reap() {
	for {
		if _, err := unix.Wait4(h.PID, nil, unix.WALL, nil); err != unix.EINTR {
			return
		}
	}
}
