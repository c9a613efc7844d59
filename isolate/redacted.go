package isolate

import "github.com/jailrun/jail/isolate/result"

// redact takes secrets out of what the result says in words that the program, or
// its command line, has chosen.
func (r *run) redact(res *result.Result) {
	if r.cmd.Redact == nil {
		return
	}
	say := r.cmd.Redact.Redact
	for i := range res.Denials {
		d := &res.Denials[i]
		d.Object, d.Rule, d.Fix = say(d.Object), say(d.Rule), say(d.Fix)
	}
	for i := range res.Evidence.LastWords {
		w := &res.Evidence.LastWords[i]
		w.Comm = say(w.Comm)
		if w.Target != nil {
			w.Target = new(say(*w.Target))
		}
	}
	if f := res.Error; f != nil {
		f.Op, f.Step, f.Text, f.Hint = say(f.Op), say(f.Step), say(f.Text), say(f.Hint)
	}
	if s := res.Evidence.Setup; s != nil {
		s.Step = say(s.Step)
	}
}
