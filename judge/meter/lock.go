package meter

import (
	"context"
	"errors"
	"os"

	"github.com/jailrun/jail/internal/filelock"
	"golang.org/x/sys/unix"
)

// lock takes the file's lock: all who append hold it.
func lock(f *os.File, how int) error {
	err := filelock.Lock(context.Background(), f, how, filelock.Patience)
	if errors.Is(err, filelock.ErrBusy) {
		err = ErrBusy
	}
	if err != nil {
		return &Error{Op: "lock", Object: f.Name(), Err: err, Hint: "keep it where no jail can see it, and see who has it open with fuser"}
	}
	return nil
}

func unlock(f *os.File) { filelock.Unlock(f) }

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
