package audit

import (
	"context"
	"errors"
	"os"

	"github.com/jailrun/jail/internal/filelock"
)

// lock takes the lock of a log, that of FILE.head: that one stays in its place when
// FILE is rotated.
func lock(ctx context.Context, f *os.File, how int) error {
	err := filelock.Lock(ctx, f, how, filelock.Patience)
	if errors.Is(err, filelock.ErrBusy) {
		err = ErrBusy
	}
	if err != nil {
		return &Error{Op: "lock", Object: f.Name(), Err: err, Hint: "keep it where no jail can see it, and see who has it open with fuser"}
	}
	return nil
}

func unlock(f *os.File) { filelock.Unlock(f) }
