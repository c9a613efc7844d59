package cgroup

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrNoSet tells that a set of jails does not exist.
var ErrNoSet = errors.New("there is no such group of jails")

// ErrSetFull tells that a set of jails has as many tasks as it may.
var ErrSetFull = errors.New("all tasks that the group of jails may have are in use")

// SetLimits makes a set of jails, where it is missing, and limits all of its
// members together. Limits that the spec does not name stay as they are; lift
// names those to be taken away: "memory", "swap", "memory_high", "pids",
// "cpu_max". Swap is Unlimited where it is not named: beside the first limit of
// memory it is none then. The set stays until RemoveSet, also without members.
// Members that run already are under the new limits too.
//
// On v1 the traffic with block devices can't be limited for a set: what a group
// may do there does not count those below it.
func (h *Host) SetLimits(set string, s Spec, lift ...string) (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.why != nil {
		return h.why
	}
	s.partial = true
	if err := h.prepareFor(&s); err != nil {
		return err
	}
	if t := h.find("blkio"); len(s.Rates) > 0 && t != nil && t.version == 1 {
		return &Error{Op: "limit", Path: "traffic with block devices of a set", Err: ErrNotThere, Hint: "v1 counts it for each jail alone: limit each jail, or boot with cgroup v2"}
	}
	g := newGroup("")
	g.set = set
	defer func() { g.leaveSets(err != nil) }() // a new one does not stay with half of its limits
	if err := h.enterSet(g, &s); err != nil {
		return err
	}
	if err := g.limitSet(s, lift); err != nil {
		return err
	}
	return g.keepSet()
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
	if err != nil || t == pids || !pids.hasAll(g.set) {
		return err
	}
	from, err := open(pids.fd, setPath(g.set), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return fail("open", pids.path+"/"+setPath(g.set), err)
	}
	defer unix.Close(from)
	return moveAll(from, in)
}

// limitSet writes limits to the set's own directories.
func (g *Group) limitSet(s Spec, lift []string) (err error) {
	var before []was
	defer func() {
		if err != nil {
			putBack(before)
		}
	}()
	for _, in := range g.sets {
		l := in.levels[len(in.levels)-1]
		before = append(before, l.whatIs()...)
		p := &part{tree: l.up, dir: l.fd, leaf: l.fd, split: true}
		g.name, g.parts = l.name, []*part{p}
		of, err := p.withSwap(s, lift)
		if err == nil {
			err = p.roomToRaise(&of, lift)
		}
		if err != nil {
			return err
		}
		for i := range rows {
			if err := g.lift(p, &rows[i], lift); err != nil {
				return err
			}
		}
		if err := g.limit(of); err != nil {
			return err
		}
	}
	return nil
}

// was is what a file of a set's said before it was limited anew.
type was struct {
	dir         int
	file, value string
}

// whatIs reads what a set's limits are.
func (l *level) whatIs() (all []was) {
	for i := range rows {
		for _, file := range rows[i].files(l.version) {
			if b, err := readFile(l.fd, file, make([]byte, 4096)); err == nil {
				all = append(all, was{l.fd, file, strings.TrimSpace(string(b))})
			}
		}
	}
	return all
}

// putBack undoes what was set of limits of which one was refused: a set has all
// that it is told to have, or what it had. Twice, since of memory, and memory and
// swap, neither may pass the other.
func putBack(before []was) {
	for range 2 {
		for _, w := range before {
			for line := range strings.Lines(w.value) {
				_ = writeFile(w.dir, w.file, strings.TrimSpace(line)) // the first refusal is what is told
			}
		}
	}
}

// keepSet marks the set's own directories to be kept.
func (g *Group) keepSet() error {
	for _, in := range g.sets {
		l := in.levels[len(in.levels)-1]
		if err := unix.Fchmod(l.fd, groupMode|keepBit); err != nil {
			return fail("keep", l.path, err)
		}
	}
	return nil
}

// withSwap completes a spec for one hierarchy: swap that is not named stays what
// it is, and v1 holds it together with the memory that the set has.
func (p *part) withSwap(s Spec, lift []string) (Spec, error) {
	if !p.has("memory") {
		return s, nil
	}
	memory, swap, err := p.memoryBounds()
	named := s.Swap != Unlimited
	switch {
	case err != nil:
	case s.Memory != Unlimited && !named && memory == Unlimited && !slices.Contains(lift, "swap"):
		s.Swap = 0
	case s.Memory != Unlimited && !named && !slices.Contains(lift, "swap"):
		s.Swap = swap
	case p.tree.version == 1 && s.Memory == Unlimited && named && (memory == Unlimited || slices.Contains(lift, "memory")):
		err = &Error{Op: "limit", Path: "swap", Err: ErrNotThere, Hint: lackOfSwap}
	case p.tree.version == 1 && s.Memory == Unlimited && named:
		s.Memory = memory
	}
	return s, err
}

// memoryBounds are those that the set has, Unlimited for none.
func (p *part) memoryBounds() (memory, swap int64, err error) {
	files := [...]string{"memory.max", "memory.swap.max"}
	if p.tree.version == 1 {
		files = [...]string{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}
	}
	if memory, err = p.bound(files[0]); err != nil {
		return 0, 0, fail("read", p.tree.path+"/"+files[0], err)
	}
	switch swap, err = p.bound(files[1]); {
	case err == unix.ENOENT: // it is not accounted
		return memory, 0, nil
	case err != nil:
		return 0, 0, fail("read", p.tree.path+"/"+files[1], err)
	}
	if p.tree.version == 1 && swap != Unlimited {
		swap = max(swap-memory, 0)
	}
	return memory, swap, nil
}

func (p *part) bound(file string) (int64, error) {
	b, err := readFile(p.leaf, file, make([]byte, 64))
	if err != nil {
		return 0, err
	}
	if n, ok := number(b); ok && n < noMemoryLimit {
		return n, nil
	}
	return Unlimited, nil
}

// roomToRaise: on v1 no memory limit can be above the one of memory and swap,
// which the new values are to replace.
func (p *part) roomToRaise(s *Spec, lift []string) error {
	const file = "memory.memsw.limit_in_bytes"
	if p.tree.version == 2 || !p.has("memory") {
		return nil
	}
	both, err := p.bound(file)
	above := slices.Contains(lift, "memory") || both != Unlimited && s.Memory > both
	if err == nil && above {
		err = writeFile(p.leaf, file, "-1")
	}
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
	places, done, err := h.setPlaces(set)
	defer done()
	for _, p := range slices.Backward(places) {
		if p.name != set {
			return &Error{Op: "remove", Path: set, Err: unix.ENOTEMPTY, Hint: "groups are in it, " + p.name + ": remove them first"}
		}
		if e := unix.Flock(p.fd, unix.LOCK_EX|unix.LOCK_NB); e != nil {
			return &Error{Op: "remove", Path: p.path, Err: unix.EBUSY, Hint: "jails are in it: end them first (jail ps, jail group kill " + set + ")"}
		}
	}
	for _, p := range places {
		if e := unix.Rmdir(p.path); e != nil {
			return &Error{Op: "rmdir", Path: p.path, Err: e, Hint: `a supervisor that was killed has left something in it: run "jail gc"`}
		}
	}
	return errors.Join(err, h.removeEmpty())
}

// removeEmpty removes what stood for the sake of the set that is gone.
func (h *Host) removeEmpty() error {
	places, done, err := h.everywhere()
	defer done()
	removeEmptySets(places)
	return err
}

// setPlaces gives the directories of a set and of those in it, of the set first.
// One of our own outer groups goes before one of the same name in those above.
func (h *Host) setPlaces(set string) (places []namedTree, done func(), err error) {
	if set == "" { // the outer groups themselves have that name
		return nil, func() {}, &Error{Op: "find", Path: strconv.Quote(set), Err: ErrNoSet, Hint: "name the group"}
	}
	all, done, err := h.everywhere()
	own := false
	for _, p := range all {
		if p.name != set && !strings.HasPrefix(p.name, set+"/") {
			continue
		}
		if h.holds(p.tree) && !own {
			own, places = true, nil
		}
		if h.holds(p.tree) == own {
			places = append(places, p)
		}
	}
	if len(places) == 0 && err == nil {
		err = &Error{Op: "find", Path: strconv.Quote(set), Err: ErrNoSet, Hint: "jail group list has those that there are"}
	}
	slices.SortStableFunc(places, func(a, b namedTree) int { return strings.Count(a.name, "/") - strings.Count(b.name, "/") })
	return places, done, err
}

// holds says whether a directory is below one of our own outer groups.
func (h *Host) holds(t *tree) bool {
	return slices.ContainsFunc(h.trees, func(own *tree) bool { return strings.HasPrefix(t.path, own.path+"/") })
}
