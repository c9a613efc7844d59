package learn

import "github.com/jailrun/jail/policy"

// Merge adds what an earlier policy grants: its runs are not made again, so it is
// kept as it is.
func (d *Draft) Merge(earlier *policy.Policy) {
	fresh := d.Lines
	d.Lines = nil
	for _, f := range earlier.Files {
		if f.Target == "" {
			f.Target = f.Source
		}
		d.add(Line{File: f, Why: "an earlier run", Kept: true})
	}
	for _, call := range earlier.Seccomp.Allow {
		d.add(Line{Call: call, Why: "an earlier run", Wide: "the default refuses it", Kept: true})
	}
	for _, l := range fresh {
		d.add(l)
	}
	raise(&d.Base.Limits, earlier.Limits)
}
