package isolate

import (
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/policy"
)

// Explain gives the plan that Start would play, and the resolved policy that it
// was made from, and launches nothing. What is made for it (groups, ids) is
// removed again.
func Explain(c *Cmd) (*plan.Plan, *policy.Policy, error) {
	r := newRun(c)
	defer r.release()
	if err := r.lookAround(); err != nil {
		return nil, r.policy, err
	}
	in, err := r.input()
	if err != nil {
		return nil, r.policy, err
	}
	p, err := plan.Compile(in)
	if err == nil {
		err = p.Verify()
	}
	return p, r.policy, err
}
