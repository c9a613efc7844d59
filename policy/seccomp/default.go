package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// DefaultRules is the filter of a jailed program. It is a list of what is
// allowed; all else is ENOSYS, or EPERM where the call is well known and
// programs expect to be refused. The copy is the caller's.
func DefaultRules() *Rules {
	return &Rules{
		Groups:  presentGroups(slices.Concat(allowed, suspicious, refused, ignored, absent)),
		Checks:  presentChecks(slices.Concat(firstChecks, processChecks, fileChecks, pageChecks, pipeChecks, filterChecks, optionChecks, socketChecks)),
		Default: Errno(unix.ENOSYS),
		Foreign: Kill(),
	}
}

// InitRules is the filter of a jail's process 1, which only waits, forwards and
// kills: whoever takes it over can do no more than that. The copy is the
// caller's.
func InitRules() *Rules {
	return &Rules{
		Groups:  presentGroups(slices.Clone(initAllowed)),
		Default: Errno(unix.EPERM),
		Foreign: Kill(),
	}
}

var initAllowed = []Group{
	{
		Name: "reap", Why: "waits for children and ends what is left",
		Answer: Action{Kind: KindAllow},
		Calls:  []string{"wait4", "kill", "exit", "exit_group"},
	},
	{
		Name: "report", Why: "hears from its supervisor and answers over descriptors that it already holds",
		Answer: Action{Kind: KindAllow},
		Calls:  []string{"ppoll", "read", "write", "clock_gettime"},
	},
	{
		Name: "resume", Why: "waits for the target's go, and goes on after a signal",
		Answer: Action{Kind: KindAllow},
		Calls:  []string{"futex", "rt_sigreturn", "restart_syscall"},
	},
}
