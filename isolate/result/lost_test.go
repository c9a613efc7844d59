package result

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestLostOutputIsTheJailsFailureUnlessALimitDecided(t *testing.T) {
	for _, test := range []struct {
		name           string
		set            func(*Evidence)
		stdout, stderr string
		status         int
		line           string
	}{
		{"all delivered", func(e *Evidence) { e.Started, e.WaitStatus = true, exitOf(0) }, "", "", 0, ""},
		{"the reader went away", func(e *Evidence) { e.Started, e.WaitStatus = true, exitOf(0) }, "EPIPE", "", 0, ""},
		{"a full disk", func(e *Evidence) { e.Started, e.WaitStatus = true, exitOf(3) }, "ENOSPC", "", 125, "jail: standard output of the program is not complete: no space left on device"},
		{"a full disk and SIGPIPE of it", diedAlone(unix.SIGPIPE, nil), "EPIPE", "EIO", 125, "jail: standard error of the program is not complete: input/output error"},
		{"a writer's own words", func(e *Evidence) { e.Started, e.WaitStatus = true, exitOf(0) }, "tape\nis out", "", 125, "jail: standard output of the program is not complete: tape?is out"},
		{"the limit came first", killedFor(CauseWall), "ENOSPC", "", 137, "jail: standard output of the program is not complete: no space left on device"},
	} {
		r := New("a")
		test.set(&r.Evidence)
		r.Output.StdoutError, r.Output.StderrError = orNil(test.stdout), orNil(test.stderr)
		r.Conclude()
		if got := ExitStatus(r); got != test.status {
			t.Errorf("%s: status %d, want %d", test.name, got, test.status)
		}
		if got := Lost(r); got != test.line {
			t.Errorf("%s: got %q, want %q", test.name, got, test.line)
		}
	}
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
