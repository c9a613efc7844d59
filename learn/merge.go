package learn

import "github.com/jailrun/jail/policy"

// Merge adds what an earlier policy grants: its runs are not made again, so it is
// kept as it is, and told of where it goes beyond the default. Shown is that of
// Draft.
func (d *Draft) Merge(earlier *policy.Policy, shown func(string) bool) {
	fresh := d.Lines
	d.Lines = nil
	for _, f := range earlier.Files {
		if f.Target == "" {
			f.Target = f.Source
		}
		l := Line{File: f, Why: "an earlier run", Kept: true}
		switch {
		case f.Kind == policy.FileRW:
			l.Wide = "it can be written to"
		case f.Kind == policy.FileRO && (f.Target != f.Source || !shown(f.Source)):
			l.Wide = "the default view does not have it"
		}
		d.add(l)
	}
	for _, call := range earlier.Seccomp.Allow {
		d.add(Line{Call: call, Why: "an earlier run", Wide: "the default refuses it", Kept: true})
	}
	for _, l := range fresh {
		d.add(l)
	}
	raise(&d.Base.Limits, earlier.Limits)
}
