package hint

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheFirstCauseThatAnErrorWrapsHasTheHint(t *testing.T) {
	table := Table{{unix.ENOSPC, "free some"}, {unix.EACCES, "ask"}, {os.ErrPermission, "never"}}
	bare := fmt.Errorf("written: %w", unix.EACCES)
	for _, c := range []struct {
		err, cause error
		hint       string
	}{
		{unix.ENOSPC, unix.ENOSPC, "free some"},
		{bare, bare, "ask"},
		{&os.PathError{Op: "open", Path: "/x", Err: unix.EACCES}, unix.EACCES, "ask"},
		{unix.EIO, unix.EIO, ""},
	} {
		if hint, cause := table.Of(c.err); cause != c.cause || hint != c.hint {
			t.Errorf("%v: %v, %q, want %v, %q", c.err, cause, hint, c.cause, c.hint)
		}
	}
}
