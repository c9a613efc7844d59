package seccomp

// Data is what a filter sees of a call, laid out as struct seccomp_data.
type Data struct {
	Nr   int32
	Arch uint32 // AUDIT_ARCH_*
	IP   uint64 // address of the calling instruction
	Args [6]uint64
}

// Reference reads the table directly. It is what compiled programs are measured
// against, and what a listener asks for the errno to answer.
func Reference(r *Rules, d Data) Action { return r.find(d).answer }

// Why explains the answer to a native call: the deciding group, its
// reason, and what the user can do (empty where nothing is to be done).
func (r *Rules) Why(nr int, args [6]uint64) (group, reason, fix string) {
	v := r.find(Data{Nr: int32(nr), Arch: NativeArch, Args: args})
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
	if d.Arch != NativeArch {
		return verdict{r.Foreign, groupForeign, whyForeign, fixForeign, true}
	}
	if v, ok := r.beyond(uint32(d.Nr)); ok {
		return v
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
	groupSkipped = "skipped"
	whySkipped   = "number -1 is how a tracer skips a call; the kernel has none"
	groupUnknown = "unknown"
	whyUnknown   = "not on the list: as on a kernel that has no such call, so libraries fall back"
)
