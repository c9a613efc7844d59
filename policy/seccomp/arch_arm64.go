package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

const (
	// NativeArch is what a filter is told of calls of the machine's own ABI,
	// seccomp(2).
	NativeArch = unix.AUDIT_ARCH_AARCH64
	archWords  = "arm64"
	fixForeign = "run a 64-bit build of the program"
)

// endNumbers is where the table's numbers end. 32-bit programs have an
// architecture of their own, AUDIT_ARCH_ARM, so no number is another ABI's.
const endNumbers = skipped

// beyond answers the number that no table holds.
func (r *Rules) beyond(nr uint32) (verdict, bool) {
	if nr == skipped {
		return verdict{Errno(unix.ENOSYS), groupSkipped, whySkipped, "", false}, true
	}
	return verdict{}, false
}

// numbers is beyond compiled, before the tree.
func (c *compiler) numbers(tree label) label {
	return c.jump(opJeq, skipped, c.answer(Errno(unix.ENOSYS)), tree)
}

// beyondRows are for beyond in Describe.
func (r *Rules) beyondRows() []Row { return nil }

// presentGroups leaves out the calls of the tables that arm64 never had (open,
// fork, dup2 and others that a newer call replaces), and groups of no others.
// Their numbers are none here, so nothing of the policy is lost.
func presentGroups(groups []Group) []Group {
	var list []Group
	for _, g := range groups {
		g.Calls = slices.DeleteFunc(slices.Clone(g.Calls), lacked)
		if len(g.Calls) > 0 {
			list = append(list, g)
		}
	}
	return list
}

// presentChecks leaves out the checks of such calls.
func presentChecks(checks []Check) []Check {
	return slices.DeleteFunc(slices.Clone(checks), func(c Check) bool { return lacked(c.Call) })
}

func lacked(call string) bool {
	_, ok := Number(call)
	return !ok
}
