package seccomp

import "slices"

// Whether is what can become of a wish to let a call pass.
type Whether uint8

// The answers of Allowable.
const (
	IsUnknown Whether = iota // no call of this architecture has the name
	IsFixed                  // it is refused in every mode
	IsChecked                // its arguments decide
	IsAllowed                // it passes by default
	CanAllow                 // it is refused by default, and Variant.Allow lets it pass
)

// Allowable says whether Variant.Allow can let a call pass.
func Allowable(call string) Whether { return DefaultRules().allowable(call) }

// allowable reads the default rules, made once for many calls.
func (r *Rules) allowable(call string) Whether {
	if _, known := Number(call); !known {
		return IsUnknown
	}
	g := r.group(call)
	switch {
	case g == nil: // known by name only, and too new for the table
		return IsFixed
	case slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Call == call }):
		return IsChecked
	case g.Answer.Kind == KindAllow:
		return IsAllowed
	case g.Fixed || g.Answer.Kind == KindBudget || g.Answer.Kind == KindKill:
		return IsFixed
	}
	return CanAllow
}

// allowing moves calls into a group of their own, which passes. What Allowable
// does not say can pass stays as it is.
func (r *Rules) allowing(calls []string) {
	own := Group{Name: "allowed", Why: "the policy's seccomp.allow", Answer: Allow()}
	base := DefaultRules()
	for _, call := range calls {
		if base.allowable(call) == CanAllow && !slices.Contains(own.Calls, call) {
			own.Calls = append(own.Calls, call)
		}
	}
	if own.Calls == nil {
		return
	}
	groups := make([]Group, 0, len(r.Groups)+1)
	for _, g := range r.Groups {
		g.Calls = slices.DeleteFunc(slices.Clone(g.Calls), func(c string) bool { return slices.Contains(own.Calls, c) })
		groups = append(groups, g)
	}
	r.Groups = append(groups, own)
}
