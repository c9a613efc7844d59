package seccomp

import "golang.org/x/sys/unix"

// Data is what a filter sees of a call, laid out as struct seccomp_data.
type Data struct {
	Nr   int32
	Arch uint32 // AUDIT_ARCH_*
	IP   uint64 // address of the calling instruction
	Args [6]uint64
}

// x32Bit marks the numbers of the x32 ABI, which shares AUDIT_ARCH_X86_64.
const x32Bit = 0x40000000

// Reference reads the table directly. It is what compiled programs are measured
// against, and what a listener asks for the errno to answer.
func Reference(r *Rules, d Data) Action { return r.find(d).answer }

// Why explains the answer to a native x86-64 call: the deciding group, its
// reason, and what the user can do (empty where nothing is to be done).
func (r *Rules) Why(nr int, args [6]uint64) (group, reason, fix string) {
	v := r.find(Data{Nr: int32(nr), Arch: unix.AUDIT_ARCH_X86_64, Args: args})
	return v.group, v.why, v.fix
}

// Fixed reports whether the call must never be let through by a listener,
// whatever mode it runs in.
func (r *Rules) Fixed(d Data) bool { return r.find(d).fixed }

// verdict is an answer with the row that gave it.
type verdict struct {
	answer          Action
	group, why, fix string
	fixed           bool
}

func (r *Rules) find(d Data) verdict {
	switch nr := uint32(d.Nr); {
	case d.Arch != unix.AUDIT_ARCH_X86_64:
		return verdict{r.Foreign, groupForeign, whyForeign, "run a 64-bit build of the program", true}
	case nr == 0xffffffff:
		return verdict{Errno(unix.ENOSYS), groupSkipped, whySkipped, "", false}
	case nr >= x32Bit:
		return verdict{r.Foreign, groupForeign, whyX32, "run a 64-bit build of the program", true}
	}
	name := known(int(d.Nr))
	if g := r.group(name); g != nil {
		return r.inGroup(g, name, d.Args)
	}
	return verdict{r.Default, groupUnknown, whyUnknown, "", false}
}

func (r *Rules) inGroup(g *Group, name string, args [6]uint64) verdict {
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Call == name && c.holds(args) {
			return verdict{c.Answer, g.Name, c.Why, c.Fix, c.Fixed}
		}
	}
	return verdict{g.Answer, g.Name, g.Why, g.Fix, g.Fixed}
}

func (r *Rules) group(name string) *Group {
	if name == "" {
		return nil
	}
	for i := range r.Groups {
		for _, c := range r.Groups[i].Calls {
			if c == name {
				return &r.Groups[i]
			}
		}
	}
	return nil
}

// The rows that are in no table because no name leads to them.
const (
	groupForeign = "foreign-abi"
	whyForeign   = "a call of another architecture: its numbers mean other calls (int 0x80, seccomp(2) NOTES)"
	whyX32       = "a call of the x32 ABI: the same numbers reach other kernel code (CVE-2014-0038)"
	groupSkipped = "skipped"
	whySkipped   = "number -1 is how a tracer skips a call; the kernel has none"
	groupUnknown = "unknown"
	whyUnknown   = "not on the list: as on a kernel that has no such call, so libraries fall back"
)
