package seccomp

import "golang.org/x/sys/unix"

const (
	// NativeArch is what a filter is told of calls of the machine's own ABI,
	// seccomp(2).
	NativeArch = unix.AUDIT_ARCH_X86_64
	archWords  = "x86-64"
	fixForeign = "run a 64-bit build of the program"
)

// x32Bit marks the numbers of the x32 ABI, which shares AUDIT_ARCH_X86_64.
const x32Bit = 0x40000000

// endNumbers is where the table's numbers end.
const endNumbers = x32Bit

const whyX32 = "a call of the x32 ABI: the same numbers reach other kernel code (CVE-2014-0038)"

// beyond answers the numbers that no table holds.
func (r *Rules) beyond(nr uint32) (verdict, bool) {
	switch {
	case nr == skipped:
		return verdict{Errno(unix.ENOSYS), groupSkipped, whySkipped, "", false}, true
	case nr >= x32Bit:
		return verdict{r.Foreign, groupForeign, whyX32, fixForeign, true}, true
	}
	return verdict{}, false
}

// numbers is beyond compiled, before the tree.
func (c *compiler) numbers(tree label) label {
	x32 := c.jump(opJeq, skipped, c.answer(Errno(unix.ENOSYS)), c.answer(c.rules.Foreign))
	return c.jump(opJge, x32Bit, x32, tree)
}

// beyondRows are for beyond in Describe.
func (r *Rules) beyondRows() []Row {
	return []Row{{Group: groupForeign, Call: "*", Number: -1, When: "the x32 ABI", Answer: r.Foreign, Why: whyX32, Fixed: true}}
}

// The tables name every call of x86-64.
func presentGroups(g []Group) []Group { return g }

func presentChecks(c []Check) []Check { return c }
