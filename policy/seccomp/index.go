package seccomp

// Index is rules for who asks again and again: a listener, at each call. It gives
// what Reference and Why give, and makes nothing anew.
type Index struct {
	rules   *Rules
	groups  [len(names)]*Judged
	checks  [len(names)][]judgedCheck
	unknown Judged
}

// Judged is the answer to a native call, and the row that gives it.
type Judged struct {
	Answer Action
	Rule   string // the row's group and reason
	Fix    string // what a user can do; may be empty
}

type judgedCheck struct {
	*Check
	Judged
}

// Index makes one. The rules must not change any more.
func (r *Rules) Index() *Index {
	x := &Index{rules: r, unknown: Judged{r.Default, rule(groupUnknown, whyUnknown), ""}}
	for i := range r.Groups {
		g := &r.Groups[i]
		j := &Judged{g.Answer, rule(g.Name, g.Why), g.Fix}
		for _, call := range g.Calls {
			if nr, ok := Number(call); ok {
				x.groups[nr] = j
			}
		}
	}
	x.mend()
	for i := range r.Checks {
		c := &r.Checks[i]
		if nr, ok := Number(c.Call); ok {
			x.checks[nr] = append(x.checks[nr], judgedCheck{c, Judged{c.Answer, rule(r.group(c.Call).Name, c.Why), c.Fix}})
		}
	}
	return x
}

// mend gives each call that could be let pass, and has no other mend, that one.
func (x *Index) mend() {
	base := DefaultRules()
	for i := range base.Groups {
		g := &base.Groups[i]
		if g.Answer.Kind == KindAllow || g.Fixed {
			continue // none of its calls can be, and to ask of each takes its time
		}
		for _, call := range g.Calls {
			nr, ok := Number(call)
			if ok && x.groups[nr] != nil && x.groups[nr].Fix == "" && base.allowable(call) == CanAllow {
				j := *x.groups[nr]
				j.Fix = "--allow-syscall " + call
				x.groups[nr] = &j
			}
		}
	}
}

func rule(group, why string) string { return group + ": " + why }

// Judge looks a native call up.
func (x *Index) Judge(nr int32, args [6]uint64) Judged {
	if v, ok := x.rules.beyond(uint32(nr)); ok {
		return Judged{v.answer, rule(v.group, v.why), v.fix}
	}
	if nr < 0 || int(nr) >= len(names) || x.groups[nr] == nil {
		return x.unknown
	}
	for i := range x.checks[nr] {
		if c := &x.checks[nr][i]; c.holds(args) {
			return c.Judged
		}
	}
	return *x.groups[nr]
}
