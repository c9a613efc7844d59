package faults

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// traced is a supervisor whose main thread is traced, ptrace(2): the others and
// its children are not. All must happen on one thread of the tracer's.
type traced struct {
	g    *ground
	pid  int
	call uint64 // the number of the system call at which it is halted
	over bool
}

// trace starts a jail that is halted before its first instruction.
func (g *ground) trace(args []string) *traced {
	g.t.Helper()
	runtime.LockOSThread()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	must(g.t, err)
	defer null.Close()
	attr := &syscall.ProcAttr{Dir: "/", Env: os.Environ(), Files: []uintptr{null.Fd(), null.Fd(), null.Fd()}, Sys: &syscall.SysProcAttr{Ptrace: true}}
	if g.uid != 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: uint32(g.uid), Gid: uint32(g.uid)}
	}
	path := filepath.Join(built, released)
	c := &traced{g: g}
	c.pid, err = syscall.ForkExec(path, append([]string{path}, args...), attr)
	must(g.t, err)
	must(g.t, g.owners.Add(c.pid))
	c.wait()
	return c
}

// wait waits until it halts or is over, and gives the signal that it is to have.
func (c *traced) wait() unix.Signal {
	c.g.t.Helper()
	var ws unix.WaitStatus
	for {
		if _, err := unix.Wait4(c.pid, &ws, unix.WALL, nil); err != unix.EINTR {
			must(c.g.t, err)
			break
		}
	}
	if c.over = !ws.Stopped(); c.over || ws.StopSignal() == unix.SIGTRAP {
		return 0
	}
	return ws.StopSignal()
}

// untilCall lets it run to its n-th system call, and says whether it came there.
func (c *traced) untilCall(n int) bool {
	c.g.t.Helper()
	defer func() {
		if c.over {
			runtime.UnlockOSThread()
		}
	}()
	sig := unix.Signal(0)
	for entered := false; !c.over; {
		// Another thread may end the process at any moment: then its end is next.
		if err := unix.PtraceSyscall(c.pid, int(sig)); err != unix.ESRCH {
			must(c.g.t, err)
		}
		if sig = c.wait(); sig != 0 || c.over {
			continue
		}
		if entered = !entered; !entered {
			continue
		}
		if n--; n == 0 {
			var regs unix.PtraceRegs
			if err := unix.PtraceGetRegs(c.pid, &regs); err != unix.ESRCH {
				must(c.g.t, err)
			}
			c.call = callNumber(&regs)
			return true
		}
	}
	return false
}

// kill ends it where it is.
func (c *traced) kill() {
	c.g.t.Helper()
	must(c.g.t, unix.Kill(c.pid, unix.SIGKILL))
	for !c.over {
		c.wait()
	}
	runtime.UnlockOSThread()
}
