// Package filelock takes locks of files that strangers may be able to hold: it waits
// for one, and not for ever.
package filelock

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Patience bounds the wait for a lock. Who appends to a file holds it for
// microseconds, or for a second or two when much is read anew; a program that is
// shown the file could hold it for ever.
const Patience = 10 * time.Second

// ErrBusy: another held the lock all the while.
var ErrBusy = errors.New("another process holds its lock")

// Lock takes a file's lock, which belongs to the file itself, by whatever path it is
// reached. The kernel gives it back when its holder dies: flock(2). The error is
// ErrBusy, the context's or the kernel's errno; the caller must close f then, so that
// a lock that comes late goes again.
func Lock(ctx context.Context, f *os.File, how int, patience time.Duration) error {
	err := flock(int(f.Fd()), how|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		err = waitFor(ctx, f, how, patience)
	}
	return err
}

// Folder opens a folder with its lock, at once, by which who makes, uses or removes it
// holds it: a process's number in its name says nothing where another pid namespace shares
// the place. It follows no link. The error wraps EAGAIN if somebody holds it.
func Folder(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0) // #nosec G304 -- no link, and only its lock is taken
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, &os.PathError{Op: "flock", Path: dir, Err: err}
	}
	return f, nil
}

// Unlock gives the lock back; closing the file does the same.
func Unlock(f *os.File) { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) }

// waitFor gives up after a while. Its goroutine then stays in the kernel, for as
// long as the lock is not to be had: no call takes back another's flock(2). So
// it has a descriptor of its own, of the same opening, whose lock is one.
func waitFor(ctx context.Context, f *os.File, how int, patience time.Duration) error {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	got := make(chan error, 1)
	go func() {
		err := flock(fd, how)
		unix.Close(fd)
		got <- err
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-got:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-late.C:
		return ErrBusy
	}
}

func flock(fd, how int) error {
	for {
		if err := unix.Flock(fd, how); err != unix.EINTR {
			return err
		}
	}
}
