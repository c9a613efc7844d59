package meter

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds the wait for the lock. Who has it holds it for microseconds,
// or for a second or two when a million records are read anew; a program that
// is shown the file could hold it for ever.
const patience = 10 * time.Second

// lock takes the file's lock, which belongs to the file itself, by whatever
// path it is reached: all who append hold it. The kernel gives it back when its
// holder dies: flock(2).
func lock(f *os.File, how int) error {
	err := flock(int(f.Fd()), how|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		err = waitFor(f, how, patience)
	}
	if err != nil {
		return &Error{Op: "lock", Object: f.Name(), Err: err, Hint: "keep it where no jail can see it, and see who has it open with fuser"}
	}
	return nil
}

// waitFor gives up after a while. Its goroutine then stays in the kernel, for as
// long as the lock is not to be had: no call takes back another's flock(2). So
// it has a descriptor of its own, of the same opening, whose lock is one.
func waitFor(f *os.File, how int, patience time.Duration) error {
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

// hold takes one byte of a file for as long as that is open. Such a lock goes
// with the opening, and so with the process, in whatever pid namespace it lives:
// fcntl(2), open file description locks.
func hold(f *os.File, at int64) error {
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: at, Len: 1})
	if err == unix.EAGAIN || err == unix.EACCES {
		return ErrBusy
	}
	return err
}

// isHeld says whether another has taken the byte.
func isHeld(f *os.File, at int64) (bool, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: at, Len: 1}
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &l)
	return err == nil && l.Type != unix.F_UNLCK, err
}
