package cgroup

import (
	"context"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// WaitEmpty returns when no process is left in the group, init included where
// there is a v2 tree, or when ctx ends. It waits for the kernel's event: the
// change of "populated" in cgroup.events, on pure v1 the ends of the processes.
func (g *Group) WaitEmpty(ctx context.Context) error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return &Error{Op: "wait for", Path: g.name, Err: ErrClosed}
	}
	if g.twin == nil {
		g.mu.Unlock()
		return g.waitMembers(ctx)
	}
	// A description of its own: a read marks the event as seen for all who
	// share one, and would take it from another waiter.
	fd, err := open(g.twin.dir, "cgroup.events", unix.O_RDONLY)
	g.mu.Unlock()
	if err != nil {
		return fail("open", g.twin.path(g.name)+"/cgroup.events", err)
	}
	defer unix.Close(fd)
	return g.wrapWait(waitLine(ctx, fd, "populated 0\n"))
}

func (g *Group) wrapWait(err error) error {
	if err != nil {
		return fail("wait for", g.name, err)
	}
	return nil
}

func (g *Group) waitMembers(ctx context.Context) error {
	for {
		g.mu.Lock()
		if g.closed {
			g.mu.Unlock()
			return nil
		}
		fds, err := g.members()
		g.mu.Unlock()
		if err != nil || len(fds) == 0 {
			return err
		}
		err = waitAll(ctx, fds)
		closeAll(fds)
		if err != nil {
			return g.wrapWait(err)
		}
	}
}

func (g *Group) waitEvent(ctx context.Context, dir int, lines ...string) error {
	fd, err := open(dir, "cgroup.events", unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return waitLine(ctx, fd, lines...)
}

// waitLine waits until a kernfs file that announces changes has one of the
// lines. Each read arms the next announcement, so none is lost between.
func waitLine(ctx context.Context, fd int, lines ...string) error {
	for {
		var buf [256]byte
		b, err := readAt(fd, buf[:])
		if err == unix.ENODEV {
			return nil // the directory is gone, so nobody is in it
		}
		if err != nil {
			return err
		}
		for _, l := range lines {
			if strings.Contains(string(b), l) {
				return nil
			}
		}
		if err := poll(ctx, fd, unix.POLLPRI); err != nil {
			return err
		}
	}
}

// poll waits for one descriptor or for the context. A context that can be
// canceled wakes it by an eventfd.
func poll(ctx context.Context, fd int, events int16) error {
	fds := []unix.PollFd{{Fd: int32(fd), Events: events}}
	if ctx.Done() != nil {
		wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
		if err != nil {
			return err
		}
		done := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(done)
			_, _ = unix.Write(wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // an eventfd takes any value but the largest
		})
		defer func() {
			if !stop() {
				<-done
			}
			unix.Close(wake)
		}()
		fds = append(fds, unix.PollFd{Fd: int32(wake), Events: unix.POLLIN})
	}
	for {
		n, err := unix.Poll(fds, -1)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case fds[0].Revents != 0:
			return nil
		case n > 0:
			return ctx.Err()
		}
	}
}

// killBound is how long the slow ways to kill and Remove may take. A task in
// uninterruptible sleep dies later than any bound that one would want.
const killBound = 5 * time.Second

// background bounds an operation that has no context of its own.
func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), killBound)
}
