package cgroup

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Kill sends SIGKILL to everything in the group, init included where there is a
// v2 tree. It does not wait: WaitEmpty does.
//
// By cgroup.kill it is one write, atomic against fork (since 5.14). Without it
// the group is frozen, signalled and thawed; on pure v1 pids.max = 0 stops it
// from growing, and it is signalled until it is empty.
func (g *Group) Kill() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return &Error{Op: "kill", Path: g.name, Err: ErrClosed}
	}
	if g.kill >= 0 {
		if err := write(g.kill, "1"); err != nil {
			return fail("write", g.twin.path(g.name)+"/cgroup.kill", err)
		}
		return nil
	}
	if g.twin != nil {
		return g.killFrozen()
	}
	return g.killSweeping()
}

// killFrozen: a frozen task still dies of SIGKILL (cgroup-v2.rst, cgroup.freeze),
// and none can fork between the reading of the list and the signals.
func (g *Group) killFrozen() error {
	path := g.twin.path(g.name)
	if err := writeFile(g.twin.dir, "cgroup.freeze", "1"); err != nil && err != unix.ENOENT { // before 5.2
		return fail("freeze", path, err)
	}
	ctx, cancel := background()
	defer cancel()
	_ = g.waitEvent(ctx, g.twin.dir, "frozen 1\n", "populated 0\n") // at worst the sweep takes more rounds
	err := g.sweep(ctx)
	if thaw := writeFile(g.twin.dir, "cgroup.freeze", "0"); thaw != nil && thaw != unix.ENOENT {
		err = errors.Join(err, fail("thaw", path, thaw))
	}
	return err
}

// killSweeping is for pure v1: no new task passes pids.max = 0, so after each
// sweep only those remain whose fork was under way.
func (g *Group) killSweeping() error {
	if p := g.partOf("pids"); p != nil && p.made {
		if err := writeFile(p.leaf, "pids.max", "0"); err != nil {
			return fail("write", p.path(g.name)+"/pids.max", err)
		}
	}
	ctx, cancel := background()
	defer cancel()
	return g.sweep(ctx)
}

// sweep signals the members until all that are left are dying. Each is held by
// a pidfd, and looked at again before the signal: its number may have passed to
// a stranger since the list was read.
func (g *Group) sweep(ctx context.Context) error {
	for {
		fds, err := g.members()
		if err != nil || len(fds) == 0 {
			return err
		}
		for _, fd := range fds {
			_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // ESRCH: it is dead already
		}
		err = waitAll(ctx, fds)
		closeAll(fds)
		if err != nil {
			return fail("kill", g.name, err)
		}
	}
}

// memberDirs are the directories whose cgroup.procs list everybody. On pure v1
// each does that is still there.
func (g *Group) memberDirs() []int {
	if g.twin == nil {
		for _, p := range g.parts {
			if p.made {
				return []int{p.leaf}
			}
		}
		return nil
	}
	if g.twin.split {
		return []int{g.into, g.twin.leaf}
	}
	return []int{g.twin.dir}
}

// members opens a pidfd of every living process in the group.
func (g *Group) members() ([]int, error) {
	var fds []int
	for _, dir := range g.memberDirs() {
		more, err := openMembers(dir)
		if err != nil {
			closeAll(fds)
			return nil, fail("read", g.name+"/cgroup.procs", err)
		}
		fds = append(fds, more...)
	}
	return fds, nil
}

// openMembers opens a pidfd of every living process that a directory lists. Its
// number may have passed to a stranger since the list was read, so who is opened
// must be listed still. (/proc/PID/cgroup would not do: of a process whose first
// thread has ended v1 shows the root there.)
func openMembers(dir int) (fds []int, err error) {
	before, err := processes(dir)
	if err != nil || len(before) == 0 {
		return nil, err
	}
	opened := map[int]int{}
	for _, pid := range before {
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			opened[pid] = fd
		}
	}
	after, err := processes(dir)
	for pid, fd := range opened {
		if err == nil && slices.Contains(after, pid) && !exited(fd) {
			fds = append(fds, fd)
		} else {
			unix.Close(fd)
		}
	}
	return fds, err
}

// processes reads the processes of a directory.
func processes(dir int) (pids []int, err error) {
	b, err := readFile(dir, "cgroup.procs", make([]byte, 4096))
	for line := range bytes.Lines(b) {
		if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// exited asks without waiting whether a pidfd's process has ended.
func exited(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1
}

func waitAll(ctx context.Context, fds []int) error {
	for _, fd := range fds {
		if err := poll(ctx, fd, unix.POLLIN); err != nil {
			return err
		}
	}
	return nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}
