package cgroup

import (
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrNoSet tells that a set of jails does not exist.
var ErrNoSet = errors.New("there is no such group of jails")

// SetLimits makes a set of jails, where it is missing, and limits all of its
// members together. Limits that the spec does not name stay as they are; lift
// names those to be taken away: "memory", "swap", "memory_high", "pids",
// "cpu_max". The set stays until RemoveSet, also without members. Members that
// run already are under the new limits too.
//
// On v1 the traffic with block devices can't be limited for a set: what a group
// may do there does not count those below it.
func (h *Host) SetLimits(set string, s Spec, lift ...string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.why != nil {
		return h.why
	}
	if err := h.prepareFor(&s); err != nil {
		return err
	}
	if t := h.find("blkio"); len(s.Rates) > 0 && t != nil && t.version == 1 {
		return &Error{Op: "limit", Path: "traffic with block devices of a set", Err: ErrNotThere, Hint: "v1 counts it for each jail alone: limit each jail, or boot with cgroup v2"}
	}
	g := newGroup("")
	g.set = set
	defer g.leaveSets(false)
	if err := h.enterSet(g, &s); err != nil {
		return err
	}
	return g.limitSet(s, lift)
}

// enterSet opens the set's directory in each hierarchy in which it is needed, and
// has it hold the processes of all members, of which some have no part there.
func (h *Host) enterSet(g *Group, s *Spec) error {
	var v2 []string
	for _, c := range controllers {
		t := h.find(c.v1)
		switch {
		case t == nil || t.err != nil:
			if s.needs(c.v1) {
				return h.missing(c.v1)
			}
		case !c.always && !s.needs(c.v1) && !t.hasSet(g.set):
		case t.version == 2:
			if c.v2 != "" {
				v2 = append(v2, c.v2)
			}
		default:
			if err := h.enterV1(g, t); err != nil {
				return err
			}
		}
	}
	if h.unified == nil {
		return nil
	}
	if err := h.enable(v2); err != nil {
		return err
	}
	if _, err := g.inSet(h.unified); err != nil {
		return err
	}
	return g.enableIn(h.unified, v2, 1)
}

func (h *Host) enterV1(g *Group, t *tree) error {
	in, err := g.inSet(t)
	pids := h.find("pids")
	if err != nil || t == pids || !pids.hasSet(g.set) {
		return err
	}
	from, err := open(pids.fd, setPath(g.set), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return fail("open", pids.path+"/"+setPath(g.set), err)
	}
	defer unix.Close(from)
	return moveAll(from, in)
}

// limitSet writes limits to the set's own directories and marks them to be kept.
func (g *Group) limitSet(s Spec, lift []string) error {
	for _, in := range g.sets {
		l := in.levels[len(in.levels)-1]
		if err := unix.Fchmod(l.fd, groupMode|keepBit); err != nil {
			return fail("keep", l.path, err)
		}
		p := &part{tree: l.up, dir: l.fd, leaf: l.fd, split: true}
		g.name = l.name
		g.parts = []*part{p}
		if err := p.roomToRaise(&s); err != nil {
			return err
		}
		for i := range rows {
			if err := g.lift(p, &rows[i], lift); err != nil {
				return err
			}
		}
		if err := g.limit(s); err != nil {
			return err
		}
	}
	return nil
}

// roomToRaise: on v1 no memory limit can be above the one of memory and swap,
// which the new values are to replace.
func (p *part) roomToRaise(s *Spec) error {
	if p.tree.version == 2 || s.Memory == Unlimited || !p.has("memory") {
		return nil
	}
	err := writeFile(p.leaf, "memory.memsw.limit_in_bytes", "-1")
	if err == unix.ENOENT {
		return nil
	}
	return err
}

func (p *part) has(controller string) bool { return slices.Contains(p.tree.controllers, controller) }

// without is what a file says that holds nothing, on v1 and v2.
var without = map[string][2]string{
	"memory": {"-1", "max"}, "swap": {"-1", "max"}, "memory_high": {"", "max"}, "pids": {"max", "max"}, "cpu_max": {"-1", "max"},
}

func (g *Group) lift(p *part, r *row, names []string) error {
	file := r.on(p.tree.version)
	for _, name := range names {
		value := without[name][p.tree.version-1]
		if r.limit != name || file == "" || value == "" || file == "memory.oom.group" || !p.has(r.controller) {
			continue
		}
		if err := writeFile(p.leaf, file, value); err != nil && err != unix.ENOENT {
			return fail("lift", p.path(g.name)+"/"+file, err)
		}
	}
	return nil
}

// RemoveSet removes a set of jails. One with members is not removed.
func (h *Host) RemoveSet(set string) error {
	places, done, err := h.everywhere()
	defer done()
	found := false
	for i := len(places) - 1; i >= 0; i-- {
		p := places[i]
		if p.name != set {
			continue
		}
		found = true
		if has := p.setsIn(""); len(has) > 0 {
			for _, s := range has {
				unix.Close(s.fd)
			}
			return &Error{Op: "remove", Path: p.path, Err: unix.ENOTEMPTY, Hint: "groups are in it, " + set + "/" + has[0].name + ": remove them first"}
		}
		if e := unix.Flock(p.fd, unix.LOCK_EX|unix.LOCK_NB); e != nil {
			return &Error{Op: "remove", Path: p.path, Err: unix.EBUSY, Hint: "jails are in it: end them first (jail ps, jail group kill " + set + ")"}
		}
		if e := unix.Rmdir(p.path); e != nil {
			err = errors.Join(err, fail("rmdir", p.path, e))
		}
	}
	if !found && err == nil {
		return &Error{Op: "remove", Path: strconv.Quote(set), Err: ErrNoSet, Hint: "jail group list has those that there are"}
	}
	return err
}

// KillSet kills all members of a set at once, and waits for none.
func (h *Host) KillSet(set string) error {
	places, done, err := h.everywhere()
	defer done()
	for _, p := range places {
		if p.name == set && p.version == 2 {
			if e := writeFile(p.fd, "cgroup.kill", "1"); e != nil {
				return fail("kill", p.path, e)
			}
			return nil
		}
	}
	if err == nil {
		err = &Error{Op: "kill", Path: strconv.Quote(set), Err: ErrNoSet, Hint: "jail group list has those that there are; a host without a v2 tree can't kill a set at once"}
	}
	return err
}
