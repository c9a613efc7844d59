package cgroup

import "golang.org/x/sys/unix"

// Leaves of a group on a v2 tree with controllers; see the package comment.
const (
	leafInit   = "i"
	leafTarget = "t"
)

// Create makes a group, writes its limits and reads them back. Nothing is left
// when it fails. The name must be of the form of Name; NewName gives one.
//
// The group belongs to this process: it holds flock(2) on each directory until
// Close, Remove or death.
func (h *Host) Create(name string, s Spec) (*Group, error) {
	g, err := h.Begin(name, s)
	if err != nil {
		return nil, err
	}
	if err := g.Complete(); err != nil {
		g.abandon()
		return nil, err
	}
	return g, nil
}

// Begin makes only the part of a group that a process can be cloned into, and
// Complete the rest: a launcher makes the limits while the stage is starting.
func (h *Host) Begin(name string, s Spec) (*Group, error) {
	if n, ok := ParseName(name); !ok || n.Seq == 0 {
		return nil, &Error{Op: "create", Path: name, Err: ErrBadName}
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.why != nil {
		return nil, h.why
	}
	g, err := h.plan(name, s)
	if err != nil {
		if g != nil {
			g.abandon()
		}
		return nil, err
	}
	g.spec = s
	if g.twin != nil {
		if err := g.makePart(g.twin); err != nil {
			g.abandon()
			return nil, err
		}
	}
	return g, nil
}

// Complete makes what Begin has left, writes the limits and reads them back,
// and opens the counters by which a jail is ended.
// When it fails the group is still to be removed: somebody may be inside.
func (g *Group) Complete() error {
	if err := g.make(); err != nil {
		return err
	}
	if err := g.limit(g.spec); err != nil {
		return err
	}
	g.markSets()
	return g.keepDeciders()
}

// Joins counts the descriptors of ProcsFDs that a completed group has.
func (g *Group) Joins() int {
	n := 0
	for _, p := range g.parts {
		if p != g.twin || p.split {
			n++
		}
	}
	return n
}

// plan chooses the hierarchies: one part each, the one that can kill last, so
// that it is removed last.
func (h *Host) plan(name string, s Spec) (*Group, error) {
	if s.special() {
		if err := h.prepareFor(&s); err != nil {
			return nil, err
		}
	}
	g := newGroup(name)
	g.set = s.Set
	var v2 []string
	for _, c := range controllers {
		t := h.find(c.v1)
		if !c.always && !s.wants(c.v1) && !t.hasSet(s.Set) {
			continue
		}
		switch {
		case t != nil && t.err == nil && t.version == 2:
			if c.v2 != "" {
				v2 = append(v2, c.v2)
			}
		case t != nil && t.err == nil:
			if err := g.addIn(t); err != nil {
				return g, err
			}
		case !s.needs(c.v1):
		case t == nil:
			return g, h.missing(c.v1)
		default:
			return g, t.err
		}
	}
	return g, h.planUnified(g, v2)
}

// addIn adds a hierarchy, or the set's directory in it.
func (g *Group) addIn(t *tree) error {
	in, err := g.inSet(t)
	if err == nil {
		g.addPart(in)
	}
	return err
}

// special says whether a spec needs more than the controllers of every group.
func (s *Spec) special() bool {
	for _, c := range controllers {
		if !c.always && s.wants(c.v1) {
			return true
		}
	}
	return s.MemoryHigh > 0 || s.Swap != 0 || s.Set != ""
}

// prepareFor looks for what only some groups need, and refuses what can't be held.
func (h *Host) prepareFor(s *Spec) error {
	if err := h.locateAll(); err != nil {
		return err
	}
	err := h.missingLimit(s)
	if err == nil {
		err = h.weighs(s)
	}
	if err == nil {
		err = s.hasHuge()
	}
	return err
}

func (h *Host) planUnified(g *Group, controllers []string) error {
	if h.unified == nil {
		return nil
	}
	if len(controllers) > 0 {
		if err := h.enable(controllers); err != nil {
			return err
		}
	}
	t, err := g.inSet(h.unified)
	if err == nil && len(controllers) > 0 {
		err = g.enableIn(h.unified, controllers, 0)
	}
	if err != nil {
		return err
	}
	p := g.addPart(t)
	p.split = len(controllers) > 0
	p.enable = controllers
	g.twin = p
	return nil
}

// make makes and opens the directories.
func (g *Group) make() error {
	for _, p := range g.parts {
		if p.made {
			continue
		}
		if err := g.makePart(p); err != nil {
			return err
		}
	}
	return nil
}

func (g *Group) makePart(p *part) (err error) {
	if p.dir, p.made, err = p.tree.claim(g.name, unix.LOCK_EX, false); err != nil {
		return err
	}
	return g.openFiles(p)
}

// open locks a part's directory that is there, and opens its files.
func (g *Group) open(p *part) (err error) {
	if p.dir, err = openLocked(p.tree.fd, g.name, unix.LOCK_EX); err != nil {
		return fail("lock", p.path(g.name), err)
	}
	return g.openFiles(p)
}

// openFiles opens what every run needs of a part. The files that kill are opened
// now, so that a supervisor out of descriptors can still kill.
func (g *Group) openFiles(p *part) error {
	path := p.path(g.name)
	p.leaf = p.dir
	if p.split {
		if err := p.makeLeaves(path); err != nil {
			return err
		}
	}
	if p == g.twin {
		return g.openTwin(p, path)
	}
	return g.openProcs(p, path)
}

func (g *Group) openTwin(p *part, path string) (err error) {
	into := "."
	if p.split {
		into = leafInit
		if err := g.openProcs(p, path); err != nil {
			return err
		}
	}
	// A descriptor of its own: one shared with the stage would keep our lock.
	if g.into, err = open(p.dir, into, unix.O_PATH|unix.O_DIRECTORY); err != nil {
		return fail("open", path+"/"+into, err)
	}
	g.kill, err = open(p.dir, "cgroup.kill", unix.O_WRONLY)
	if err != nil && err != unix.ENOENT { // before 5.14: freeze and signal
		return fail("open", path+"/cgroup.kill", err)
	}
	return nil
}

func (g *Group) openProcs(p *part, path string) error {
	// A single thread that writes 0 to a v1 "tasks" moves only itself, and the
	// kernel then does without the lock that stops every fork on the host:
	// taking it waits for an RCU grace period, 10 ms at times.
	name := "cgroup.procs"
	if p.tree.version == 1 {
		name = "tasks"
	}
	fd, err := open(p.leaf, name, unix.O_WRONLY)
	if err != nil {
		return fail("open", path+"/"+name, err)
	}
	g.procs = append(g.procs, fd)
	return nil
}

// makeLeaves gives a v2 group its two leaves. The controllers must be enabled
// first: then the leaves are born with them.
func (p *part) makeLeaves(path string) error {
	if p.enable != nil {
		if err := writeFile(p.dir, "cgroup.subtree_control", plus(p.enable)); err != nil {
			return enableError(path, p.enable, err)
		}
		for _, leaf := range [...]string{leafInit, leafTarget} {
			if err := unix.Mkdirat(p.dir, leaf, groupMode); err != nil {
				return fail("mkdir", path+"/"+leaf, err)
			}
		}
	}
	leaf, err := open(p.dir, leafTarget, unix.O_PATH|unix.O_DIRECTORY)
	switch {
	case err == nil:
		p.leaf = leaf
	case err == unix.ENOENT && p.enable == nil: // adopted half-made: only i exists
	default:
		return fail("open", path+"/"+leafTarget, err)
	}
	return nil
}

// openLocked opens a directory and takes its lock, LOCK_EX or LOCK_SH, without
// waiting: whoever has it is a live owner, or in a set a member.
func openLocked(dir int, name string, lock int) (int, error) {
	fd, err := open(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return -1, err
	}
	if err := unix.Flock(fd, lock|unix.LOCK_NB); err != nil {
		unix.Close(fd)
		if err == unix.EWOULDBLOCK {
			err = ErrHeld
		}
		return -1, err
	}
	return fd, nil
}
