package cgroup

import (
	"time"

	"golang.org/x/sys/unix"
)

// Remove removes the group's directories and closes it. Tasks that are dying
// are waited for, up to five seconds; living ones must be killed first. It may
// be called again when it fails.
func (g *Group) Remove() error {
	ctx, cancel := background()
	defer cancel()
	for {
		err := g.rmdir()
		if err == nil {
			g.mu.Lock()
			g.leaveSets(true)
			g.mu.Unlock()
			g.Close()
			return nil
		}
		if !isBusy(err) || ctx.Err() != nil {
			return err
		}
		switch wait := g.WaitEmpty(ctx); {
		case Passing(wait): // no descriptor for the event: look again
			time.Sleep(time.Millisecond)
		case wait != nil:
			return err
		}
		// A task may be out of the lists a moment before its hold on the group
		// ends; let it run.
		unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
	}
}

// Close gives descriptors and locks back without removing anything.
func (g *Group) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	g.closed = true
	g.closeFiles()
	for _, p := range g.parts {
		p.close()
	}
	g.leaveSets(false)
	g.closeKill()
	if g.into >= 0 {
		unix.Close(g.into)
		g.into = -1
	}
}

func (g *Group) closeKill() {
	if g.kill >= 0 {
		unix.Close(g.kill)
		g.kill = -1
	}
}

// closeFiles gives back what is read and what is joined by. A file that is open
// when its directory is removed stays in the kernel's caches, with its directory,
// about a kilobyte each until memory is short: so it comes before.
func (g *Group) closeFiles() {
	for i, fd := range g.reads {
		if fd >= 0 {
			unix.Close(fd)
		}
		g.reads[i] = absent
	}
	closeAll(g.procs)
	g.procs = nil
}

func (p *part) close() {
	if p.leaf >= 0 && p.leaf != p.dir {
		unix.Close(p.leaf)
	}
	if p.dir >= 0 {
		unix.Close(p.dir)
	}
	p.dir, p.leaf = -1, -1
}

func isBusy(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Err == unix.EBUSY
}

// rmdir removes what is there, the part that can kill last.
func (g *Group) rmdir() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return &Error{Op: "remove", Path: g.name, Err: ErrClosed}
	}
	g.closeFiles()
	for _, p := range g.parts {
		if !p.made {
			continue
		}
		if p == g.twin {
			g.closeKill() // from here on a group that can't be removed is frozen to be killed
		}
		if err := p.rmdir(g.name); err != nil {
			return fail("rmdir", p.path(g.name), err)
		}
		p.made = false
	}
	return nil
}

// RemoveLimits removes what only the target was in, ahead of Remove, which does
// the rest: init may take a while to take its namespaces down. Nothing can be
// read from the group any more. Limits on v2 are of the group that init is in
// too, and stay.
func (g *Group) RemoveLimits() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.twin != nil && g.twin.split {
		return
	}
	g.closeFiles()
	for _, p := range g.parts {
		if p.made && p != g.twin && p.rmdir(g.name) == nil {
			p.made = false
			p.close()
		}
	}
}

func (p *part) rmdir(name string) error {
	if p.split {
		for _, leaf := range [...]string{leafTarget, leafInit} {
			if err := unlinkDir(p.dir, leaf); err != nil {
				return err
			}
		}
	}
	return unlinkDir(p.tree.fd, name)
}

func unlinkDir(dir int, name string) error {
	if dir < 0 {
		return nil
	}
	err := unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
	if err == unix.ENOENT {
		return nil
	}
	return err
}

// abandon undoes a Create that failed; nobody can be inside yet.
func (g *Group) abandon() {
	_ = g.rmdir() // the error that led here is the one to report
	g.leaveSets(true)
	g.Close()
}
