package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Variant is what a jail's circumstances add to DefaultRules. The zero value
// adds nothing. All variants are compiled into the program.
type Variant struct {
	// Shared: the jail shares a writable folder with its caller, so no file in
	// it can be made set-id. Mount flags can't see to that: they hold inside,
	// and the file stays. openat2 is ENOSYS, for its mode lies in memory, where
	// a filter doesn't see it; C libraries then use openat.
	Shared bool
	// PinCores: only the affinity mask holds the program to its cores, with no
	// cpuset around it, so it can't choose another (sched_setaffinity(2)).
	PinCores bool
}

// Rules are the variant's table. The copy is the caller's.
func (v Variant) Rules() *Rules {
	r := DefaultRules()
	if v.Shared {
		r.Checks = slices.Concat(setIDChecks(), r.Checks)
	}
	if v.PinCores {
		r.Checks = slices.Concat(pinChecks, r.Checks)
	}
	return r
}

// Bytes are the variant's Rules compiled, as the kernel reads them: eight bytes
// an instruction. Nothing is compiled at run time.
func (v Variant) Bytes(o Options) string {
	switch v {
	case Variant{Shared: true}:
		return either(o, sharedListener, sharedAlone)
	case Variant{PinCores: true}:
		return either(o, pinnedListener, pinnedAlone)
	case Variant{Shared: true, PinCores: true}:
		return either(o, sharedPinnedListener, sharedPinnedAlone)
	}
	return either(o, defaultListener, defaultAlone)
}

func either(o Options, listener, alone string) string {
	if o.Listener {
		return listener
	}
	return alone
}

var pinChecks = []Check{{
	Call: "sched_setaffinity", Words: "at all", Why: "the program would leave the cores that it was given",
	Fix:    "choose the cores by the policy's cores",
	Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
}}
