package audit

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds the wait for the lock. Who has it holds it for microseconds, or
// for a second or two when much is recovered; a program that is shown the head
// could hold it for ever.
const patience = 10 * time.Second

// lock takes the lock of a log, flock(2) of FILE.head: that one stays in its
// place when FILE is rotated. The kernel gives it back when its holder dies.
func lock(ctx context.Context, f *os.File, how int) error {
	err := flock(int(f.Fd()), how|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		err = waitFor(ctx, f, how, patience)
	}
	if err != nil {
		return &Error{Op: "lock", Object: f.Name(), Err: err, Hint: "keep it where no jail can see it, and see who has it open with fuser"}
	}
	return nil
}

// waitFor gives up after a while. Its goroutine then stays in the kernel, for as
// long as the lock is not to be had: no call takes back another's flock(2). So
// it has a descriptor of its own, of the same opening, whose lock is one; the
// caller must close f when this fails, so that a lock that comes late goes again.
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

func unlock(f *os.File) { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) } // closing it does the same
