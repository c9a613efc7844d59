package learn

import (
	"path"
	"slices"

	"github.com/jailrun/jail/isolate/access"
	"github.com/jailrun/jail/policy"
)

// Line is one thing that a draft grants, to be left out if the program can do
// without it.
type Line struct {
	File policy.File // if Call is ""
	Call string      // a system call beyond the default
	Why  string      // what needed it
	Wide string      // in what it goes beyond the default; "" if in nothing
	Kept bool        // it is another run's, which nobody tries again
}

// Draft is a policy in the making.
type Draft struct {
	Base  *policy.Policy // what the caller asked for, with the learnt limits
	Lines []Line
	Notes []string // what was not learnt, and why
}

// Draft makes a policy of all that was seen. Shown says whether the default view
// has a file of the host's.
func (r *Recorder) Draft(base *policy.Policy, shown func(string) bool) *Draft {
	d := &Draft{Base: base}
	grants := group(r.needs)
	for _, g := range grants {
		l := Line{File: policy.File{Kind: policy.FileRO, Source: g.path, Target: g.path}, Why: g.text()}
		if !shown(g.path) {
			l.Wide = "the default view does not have it"
		}
		d.add(l)
	}
	for _, at := range sorted(r.links) {
		if !inside(grants, at) {
			d.add(Line{File: policy.File{Kind: policy.FileLink, Target: at, To: r.links[at]}, Why: "a link on the way"})
		}
	}
	for _, call := range sorted(r.passed) {
		d.add(Line{Call: call, Why: r.passed[call], Wide: "the default refuses it"})
	}
	for _, call := range sorted(r.refused) {
		d.Notes = append(d.Notes, call+" can't be learnt: "+r.refused[call])
	}
	for _, name := range sorted(r.secrets) {
		if own := (&Line{File: policy.File{Target: name}}); slices.ContainsFunc(base.Files, own.covers) {
			continue // the caller has asked for it by himself
		}
		d.Notes = append(d.Notes, name+" can't be learnt: "+r.secrets[name])
	}
	for _, name := range sorted(r.beside) {
		d.Notes = append(d.Notes, name+" was not found, and the host has it: give jail learn "+r.beside[name])
	}
	return d
}

// add adds a line, unless what the caller asked for, or a line before, says the
// same.
func (d *Draft) add(l Line) {
	if l.Call != "" && (slices.Contains(d.Base.Seccomp.Allow, l.Call) || slices.ContainsFunc(d.Lines, func(o Line) bool { return o.Call == l.Call })) {
		return
	}
	if l.Call == "" && (slices.ContainsFunc(d.Base.Files, l.covers) || slices.ContainsFunc(d.Lines, func(o Line) bool { return o.Call == "" && l.covers(o.File) })) {
		return
	}
	d.Lines = append(d.Lines, l)
}

// covers says whether a file stands at the line's own target, or shows a folder
// around it.
func (l *Line) covers(f policy.File) bool {
	at := f.Target
	if at == "" {
		at = path.Clean(f.Source)
	}
	return at == l.File.Target || f.Kind != policy.FileLink && access.Under(l.File.Target, at)
}

// Policy is the draft as a policy, without the lines that skip names by index.
func (d *Draft) Policy(skip map[int]bool) *policy.Policy {
	more := &policy.Policy{View: policy.ViewNone}
	for i, l := range d.Lines {
		switch {
		case skip[i]:
		case l.Call != "":
			more.Seccomp.Allow = append(more.Seccomp.Allow, l.Call)
		default:
			more.Files = append(more.Files, l.File)
		}
	}
	return policy.Merge(d.Base, more)
}

// Reduce leaves out each line without which works still says true, the last
// first: what a program finds by is behind what it is. It ends early when works
// can't tell any more.
func (d *Draft) Reduce(works func(*policy.Policy) (bool, error)) error {
	skip := map[int]bool{}
	var failed error
	for i := len(d.Lines) - 1; i >= 0 && failed == nil; i-- {
		if d.Lines[i].Kept {
			continue
		}
		skip[i] = true
		ok, err := works(d.Policy(skip))
		if !ok || err != nil {
			delete(skip, i)
			failed = err
		}
	}
	kept := make([]Line, 0, len(d.Lines))
	for i, l := range d.Lines {
		if !skip[i] {
			kept = append(kept, l)
		}
	}
	d.Lines = kept
	return failed
}
