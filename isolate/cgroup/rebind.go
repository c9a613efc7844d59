package cgroup

import "golang.org/x/sys/unix"

// BindsCores says whether the group was made to hold its tasks to cores.
func (g *Group) BindsCores() bool { return g.spec.Cores != "" }

// Rebind holds the target's tasks to other cores, a list as in cpuset(7), be the
// group made for cores or not. On v1 a group that was not gets a directory in
// the cpuset hierarchy now, to which its tasks are moved until there is no new
// one; on v2 the controller is enabled.
func (h *Host) Rebind(g *Group, cores string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.locateAll()
	t := h.find("cpuset")
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
		return h.rebindUnified(g, cores)
	}
	return g.rebindV1(t, cores)
}

// rebindUnified enables the controller from our outer group down to the target's
// leaf, where it is not.
func (h *Host) rebindUnified(g *Group, cores string) error {
	p := g.twin
	if p == nil || !p.split {
		return &Error{Op: "rebind", Path: g.name, Err: ErrNoController, Hint: hintMissing}
	}
	path := p.path(g.name) + "/" + leafTarget + "/cpuset.cpus"
	err := writeFile(p.leaf, "cpuset.cpus", cores)
	if err == unix.ENOENT {
		if err := h.enableDown(g, "cpuset"); err != nil {
			return err
		}
		err = writeFile(p.leaf, "cpuset.cpus", cores)
	}
	if err != nil {
		return fail("write", path, err)
	}
	return nil
}

// enableDown hands a v2 controller on from our outer group to the leaves.
func (h *Host) enableDown(g *Group, controller string) error {
	want := []string{controller}
	err := h.enable(want)
	if err == nil {
		err = g.enableIn(h.unified, want, 0)
	}
	if err != nil {
		return err
	}
	if err := writeFile(g.twin.dir, "cgroup.subtree_control", plus(want)); err != nil {
		return enableError(g.twin.path(g.name), want, err)
	}
	return nil
}

func (g *Group) rebindV1(t *tree, cores string) error {
	p := g.partOf("cpuset")
	if p != nil && p.made { // of its own, or below that of the jails it is grouped with
		if err := p.bind(g.name, cores); err != nil || !p.late {
			return err
		}
		return g.follow(p)
	}
	if g.firstV1() == nil {
		return &Error{Op: "rebind", Path: g.name, Err: ErrNoController, Hint: hintMissing}
	}
	p, err := g.addLate(t)
	if err != nil {
		return err
	}
	if err := p.inheritMems(); err != nil {
		return fail("write", p.path(g.name)+"/cpuset.mems", err)
	}
	if err := p.bind(g.name, cores); err != nil {
		return err
	}
	return g.follow(p)
}

func (p *part) bind(name, cores string) error {
	if err := writeFile(p.leaf, "cpuset.cpus", cores); err != nil {
		return fail("write", p.path(name)+"/cpuset.cpus", err)
	}
	return nil
}
