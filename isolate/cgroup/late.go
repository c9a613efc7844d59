package cgroup

import (
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// addLate makes the directory of a hierarchy in which the running target has no
// part yet. It is not the first, which tells who is in the group.
func (g *Group) addLate(t *tree) (*part, error) {
	p := &part{tree: t, dir: -1, leaf: -1, late: true}
	var err error
	if p.dir, p.made, err = t.claim(g.name, unix.LOCK_EX, false); err != nil {
		return nil, err
	}
	p.leaf = p.dir
	g.parts = slices.Insert(g.parts, min(1, len(g.parts)), p) // the part that can kill stays last
	return p, nil
}

// follow moves the target's processes to a part that was made late, until there
// is no new one.
func (g *Group) follow(p *part) error {
	from := g.firstV1()
	if from == nil {
		return &Error{Op: "move the tasks to", Path: p.path(g.name), Err: ErrNoController, Hint: hintMissing}
	}
	return moveAll(from.leaf, p.tree.below(g.name, p.leaf))
}

// firstV1 is the part by which the target's processes are known.
func (g *Group) firstV1() *part {
	for _, p := range g.parts {
		if !p.late && p != g.twin && p.made {
			return p
		}
	}
	return nil
}

// NoTaskLeft says, after a fork was refused, whether that was for want of tasks in
// a set of which the group is a member: then it is ErrSetFull.
func (g *Group) NoTaskLeft() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fullFrom(0)
}

// fullFrom finds a set that has so many tasks more than it may. The kernel refuses
// a fork beyond pids.max, and not a task that comes from elsewhere (pids.rst).
func (g *Group) fullFrom(more int64) error {
	for _, in := range g.sets {
		for _, l := range in.levels {
			p := part{leaf: l.fd}
			most, err := p.bound("pids.max")
			now, e := p.bound("pids.current")
			if err == nil && e == nil && most != Unlimited && now >= most+more {
				return &Error{Op: "join", Path: l.path, Err: ErrSetFull, Hint: "it may have " + strconv.FormatInt(most, 10) + ": end jails in it, or raise it (jail group set NAME --pids N)"}
			}
		}
	}
	return nil
}

// FollowSet looks at a target that has just joined its groups. One for which its
// sets have no task left is refused with ErrSetFull. On v1 the target is moved to
// each hierarchy in which its set was given a limit meanwhile: SetLimits moves
// those that it sees.
func (h *Host) FollowSet(g *Group) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	if err := g.fullFrom(1); err != nil || g.firstV1() == nil {
		return err
	}
	for _, c := range controllers {
		t := h.find(c.v1)
		if c.always || g.partOf(c.v1) != nil || !t.hasSet(g.set) {
			continue
		}
		in, err := g.inSet(t)
		if err != nil {
			return err
		}
		p, err := g.addLate(in)
		if err == nil {
			err = g.follow(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
