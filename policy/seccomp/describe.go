package seccomp

// Row is one line of the table as docs and "jail explain" print it.
type Row struct {
	Group  string
	Call   string
	Number int
	When   string // the arguments that the row is for; empty: all, or all others
	Answer Action
	Why    string
	Fix    string // what a user can do about a refusal; may be empty
	Fixed  bool   // no mode of the listener lets it pass
}

// Describe lists the rules in their own order: group by group, and for each
// call its checks first, then the group's answer. An answer that the checks
// leave no arguments for is left out. Foreign architectures and the default,
// which no call's name leads to, are the last rows.
func (r *Rules) Describe() []Row {
	var rows []Row
	for i := range r.Groups {
		for _, call := range r.Groups[i].Calls {
			rows = r.describe(rows, &r.Groups[i], call)
		}
	}
	rows = append(rows, Row{Group: groupForeign, Call: "*", Number: -1, When: "another architecture", Answer: r.Foreign, Why: whyForeign, Fixed: true})
	rows = append(rows, r.beyondRows()...)
	return append(rows, Row{Group: groupUnknown, Call: "*", Number: -1, When: "any other number", Answer: r.Default, Why: whyUnknown})
}

func (r *Rules) describe(rows []Row, g *Group, call string) []Row {
	nr, _ := Number(call)
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Call != call {
			continue
		}
		rows = append(rows, Row{g.Name, call, nr, c.Words, c.Answer, c.Why, c.Fix, c.Fixed})
		if len(c.When) == 0 {
			return rows
		}
	}
	return append(rows, Row{g.Name, call, nr, "", g.Answer, g.Why, g.Fix, g.Fixed})
}
