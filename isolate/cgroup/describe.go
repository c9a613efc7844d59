package cgroup

import "errors"

// Fact is what the host offers for one controller.
type Fact struct {
	Controller string // v1 name; "kill" for the v2 tree that holds init and target together
	Version    int    // 1 or 2; 0 when it was not found
	Path       string // directory of our own outer group
	Writable   bool
	Why        string // why not, empty when writable
	Mend       string // what to do about it
}

// Describe lists what was found for every controller that jail knows, for
// "jail doctor".
func (h *Host) Describe() []Fact {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.locateAll() // what could not be looked at now is not found, as it says
	facts := make([]Fact, 0, len(controllers)+1)
	for _, c := range controllers {
		facts = append(facts, h.describe(c.v1, h.find(c.v1)))
	}
	return append(facts, h.describe("kill", h.v2tree()))
}

func (h *Host) v2tree() *tree {
	for _, t := range h.trees {
		if t.version == 2 {
			return t
		}
	}
	return nil
}

func (h *Host) describe(name string, t *tree) Fact {
	f := Fact{Controller: name}
	err := h.missing(name)
	if t != nil {
		f.Version, f.Path, err = t.version, t.path, t.err
	}
	f.Writable = err == nil
	var e *Error
	if errors.As(err, &e) {
		f.Why, f.Mend = e.Op+" "+e.Path+": "+e.Err.Error(), e.Hint
	}
	return f
}

// Holding is where a limit would be held on this host.
type Holding struct {
	Limit   string // as a policy names it
	Version int    // of cgroups: 1 or 2
	File    string
	Holds   string // what the kernel does at the bound
}

// Holdings lists the files that would hold a spec's limits, for "jail explain".
func (h *Host) Holdings(s *Spec) (all []Holding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.locateAll() // what could not be looked at now is left out
	for i := range rows {
		r := &rows[i]
		t := h.find(r.controller)
		if t == nil || t.err != nil || h.why != nil || !r.asked(s) || r.on(t.version) == "" {
			continue
		}
		all = append(all, Holding{r.limit, t.version, r.on(t.version), r.holds})
	}
	return all
}
