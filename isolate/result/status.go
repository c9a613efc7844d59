package result

import "golang.org/x/sys/unix"

// Exit statuses of jail that are not the program's own, as env(1), sh(1) and
// container engines use them.
const (
	StatusFailed       = 125 // the jail failed, not the program; also when it could not deliver the program's output, or read its input
	StatusNotExecuted  = 126 // the program was found but could not be executed
	StatusNotFound     = 127 // the program, or the interpreter that it names, was not found
	StatusSignalOffset = 128 // plus the number of the signal the program died of
	StatusKilled       = 137 // ended by the jail: 128 + SIGKILL
)

// ExitStatus returns the status that jail exits with for a concluded result:
// the program's own, or one of the Status constants. A program may itself exit
// with any of these; the reason tells them apart.
func ExitStatus(r *Result) int {
	switch {
	case r.Reason == SetupFailed && r.Evidence.Setup != nil && r.Evidence.Setup.Exec:
		return execStatus(r.Evidence.Setup.Errno)
	case r.Reason == SetupFailed, r.Reason == Internal, lost(r):
		return StatusFailed
	case r.ExitCode != nil && *r.ExitCode == 0 && len(LostFiles(r)) > 0:
		return StatusFailed
	case r.ExitCode != nil:
		return *r.ExitCode
	case r.Evidence.Killed == "" && r.Signal != nil:
		return StatusSignalOffset + *r.Signal
	}
	return StatusKilled
}

// execStatus is env(1)'s rule: only ENOENT means not found.
func execStatus(e Errno) int {
	if e == Errno(unix.ENOENT) {
		return StatusNotFound
	}
	return StatusNotExecuted
}
