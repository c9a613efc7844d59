package cgroup

import (
	"slices"

	"golang.org/x/sys/unix"
)

// BindsCores says whether the group was made to hold its tasks to cores.
func (g *Group) BindsCores() bool { return g.spec.Cores != "" }

// Rebind holds the target's tasks to other cores, a list as in cpuset(7), be the
// group made for cores or not. On v1 a group that was not gets a directory in
// the cpuset hierarchy now, to which its tasks are moved until there is no new
// one; on v2 the controller is enabled.
func (h *Host) Rebind(g *Group, cores string) error {
	h.mu.Lock()
	err := h.locateAll()
	t := h.find("cpuset")
	h.mu.Unlock()
	switch {
	case err != nil:
		return err
	case t == nil:
		return h.missing("cpuset")
	case t.err != nil:
		return t.err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return &Error{Op: "rebind", Path: g.name, Err: ErrClosed}
	}
	if t.version == 2 {
		return g.rebindUnified(cores)
	}
	return g.rebindV1(t, cores)
}

// rebindUnified enables the controller from our outer group down to the target's
// leaf, where it is not.
func (g *Group) rebindUnified(cores string) error {
	p := g.twin
	if p == nil || !p.split {
		return &Error{Op: "rebind", Path: g.name, Err: ErrNoController, Hint: hintMissing}
	}
	path := p.path(g.name) + "/" + leafTarget + "/cpuset.cpus"
	err := writeFile(p.leaf, "cpuset.cpus", cores)
	if err == unix.ENOENT {
		for _, dir := range [...]int{p.tree.fd, p.dir} {
			if err = writeFile(dir, "cgroup.subtree_control", plus([]string{"cpuset"})); err != nil {
				return enableError(p.tree.path, []string{"cpuset"}, err)
			}
		}
		err = writeFile(p.leaf, "cpuset.cpus", cores)
	}
	if err != nil {
		return fail("write", path, err)
	}
	return nil
}

func (g *Group) rebindV1(t *tree, cores string) error {
	if p := g.partOf("cpuset"); p != nil && p.made { // of its own, or below that of the jails it is grouped with
		return p.bind(g.name, cores)
	}
	p := &part{tree: t, dir: -1, leaf: -1}
	var err error
	if p.dir, p.made, err = t.claim(g.name, unix.LOCK_EX, false); err != nil {
		return err
	}
	p.leaf = p.dir
	g.parts = slices.Insert(g.parts, 0, p) // the part that can kill stays last
	if err := p.inheritMems(); err != nil {
		return fail("write", p.path(g.name)+"/cpuset.mems", err)
	}
	if err := p.bind(g.name, cores); err != nil {
		return err
	}
	from := slices.IndexFunc(g.parts, func(o *part) bool { return o != p && o != g.twin && o.made })
	if from < 0 {
		return &Error{Op: "rebind", Path: g.name, Err: ErrNoController, Hint: hintMissing}
	}
	return moveAll(g.parts[from].leaf, t.below(g.name, p.leaf))
}

func (p *part) bind(name, cores string) error {
	if err := writeFile(p.leaf, "cpuset.cpus", cores); err != nil {
		return fail("write", p.path(name)+"/cpuset.cpus", err)
	}
	return nil
}
