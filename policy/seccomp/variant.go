package seccomp

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Variant is what a jail's circumstances add to DefaultRules. The zero value
// adds nothing. The variants of hosts that give namespaces are compiled into
// the program.
type Variant struct {
	// Shared: the jail shares a writable folder with its caller, so no file in
	// it can be made set-id. Mount flags can't see to that: they hold inside,
	// and the file stays. openat2 is ENOSYS, for its mode lies in memory, where
	// a filter doesn't see it; C libraries then use openat.
	Shared bool
	// PinCores: only the affinity mask holds the program to its cores, with no
	// cpuset around it, so it can't choose another (sched_setaffinity(2)).
	PinCores bool
	// NoNetwork: the jail has no network namespace, so a socket of it would be
	// on the host's network.
	NoNetwork bool
	// NoRoot: the jail has no root file system of its own, and stands in its
	// caller's.
	NoRoot bool
	// NoPids: the jail has no pid namespace, so its processes name any of the
	// user's.
	NoPids bool
	// NoIPC: the jail has no ipc namespace.
	NoIPC bool
	// Huge: a group bounds the huge pages that the jail may take from the host's
	// pool, so it may ask for them.
	Huge bool
	// Allow are calls, by name and with a blank between two, to let pass beyond
	// the default. What Allowable refuses stays refused.
	Allow string
	// Watch has the listener told of more than what is suspicious.
	Watch Watch
}

// Rules are the variant's table. The copy is the caller's.
func (v Variant) Rules() *Rules {
	r := DefaultRules()
	for _, more := range []struct {
		on     bool
		checks func() []Check
	}{
		{v.Shared, setIDChecks}, {v.PinCores, pinChecks}, {v.NoNetwork, hostNetworkChecks},
		{v.NoRoot, hostTreeChecks}, {v.NoPids, hostPidChecks}, {v.NoIPC, hostIPCChecks},
	} {
		if more.on {
			r.Checks = slices.Concat(presentChecks(more.checks()), r.Checks)
		}
	}
	if v.Huge {
		r.Checks = slices.DeleteFunc(slices.Clone(r.Checks), func(c Check) bool { return c.Why == whyHuge })
	}
	r.allowing(strings.Fields(v.Allow))
	r.watching(v.Watch)
	return r
}

// Bytes are the variant's Rules compiled, as the kernel reads them: eight bytes
// an instruction. Those of hosts without namespaces are compiled at run time:
// few need them.
func (v Variant) Bytes(o Options) string {
	switch v {
	case Variant{}:
		return either(o, defaultListener, defaultAlone)
	case Variant{Shared: true}:
		return either(o, sharedListener, sharedAlone)
	case Variant{PinCores: true}:
		return either(o, pinnedListener, pinnedAlone)
	case Variant{Shared: true, PinCores: true}:
		return either(o, sharedPinnedListener, sharedPinnedAlone)
	}
	return v.compile(o)
}

// compile makes the bytes of built-in rules, which a test proves to be valid.
func (v Variant) compile(o Options) string {
	prog, err := Compile(v.Rules(), o)
	if err != nil {
		return killAll
	}
	return string(Bytes(prog))
}

// killAll ends the process at its first call: a filter that could not be made
// lets nothing pass.
const killAll = "\x06\x00\x00\x00\x00\x00\x00\x80"

func either(o Options, listener, alone string) string {
	if o.Listener {
		return listener
	}
	return alone
}

func pinChecks() []Check {
	return []Check{{
		Call: "sched_setaffinity", Words: "at all", Why: "the program would leave the cores that it was given",
		Fix:    "choose the cores by the policy's cores",
		Answer: Errno(unix.EPERM),
	}}
}
