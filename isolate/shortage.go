package isolate

import (
	"errors"

	"github.com/jailrun/jail/isolate/cgroup"
	"golang.org/x/sys/unix"
)

// shortageHint says what to do about something that is short at this moment, ""
// if err is nothing of the kind. To give up a wall for it would be bad advice.
func shortageHint(err error) string {
	switch {
	case errors.Is(err, unix.EMFILE):
		return "the limit of open files is reached: raise it (ulimit -n, RLIMIT_NOFILE)"
	case errors.Is(err, unix.ENFILE):
		return "the host's table of open files is full: end what holds so many, or raise fs.file-max"
	case errors.Is(err, unix.ENOMEM):
		return "the host, or the control group that jail itself is in, is short of memory: free some and try again"
	}
	return ""
}

// advised gives an error of a launch the advice that its cause asks for, whatever
// step met it.
func advised(err error) error {
	var le *LaunchError
	if hint := shortageHint(err); hint != "" && errors.As(err, &le) {
		le.Hint = hint
	}
	return err
}

// passing says whether a launch failed at something that may be there at the
// next: no reason to go on with less.
func passing(err error) bool { return cgroup.Passing(err) }
