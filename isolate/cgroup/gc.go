package cgroup

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// GC kills and removes the groups of supervisors that died, and gives their
// names.
//
// It looks only at directories directly below our own outer groups, and on v2
// below those above, whose name is exactly of the form of Name, whose owner (pid
// and start time) is gone, and whose lock can be taken in every hierarchy: a
// lock that is held means an owner in another pid namespace, or one at work. An
// empty seat is removed, but nobody in it is killed.
func GC(ctx context.Context, h *Host) (removed []string, err error) {
	places, done, err := h.everywhere()
	defer done()
	trees := make([]*tree, len(places))
	for i, p := range places {
		trees[i] = p.tree
	}
	found, e := orphans(trees)
	err = errors.Join(err, e)
	for _, name := range found {
		if ctx.Err() != nil {
			return removed, errors.Join(err, ctx.Err())
		}
		done, e := collect(ctx, trees, name)
		err = errors.Join(err, e)
		if done {
			removed = append(removed, name)
		}
	}
	removeEmptySets(places)
	return removed, err
}

// everywhere gives each directory in which there may be groups of jails: our
// outer groups, those above on v2, also those that we have climbed to ourselves,
// and the sets in them, each after the one that it is in.
func (h *Host) everywhere() (places []namedTree, done func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	err = h.locateAll()
	trees := slices.Clone(h.trees)
	var opened []*tree
	if t := h.v2tree(); t != nil {
		above, e := t.overhead()
		err = errors.Join(err, e)
		opened = append(opened, above...)
		trees = append(above, trees...)
	}
	for _, t := range trees {
		places = append(places, namedTree{t, ""})
		if t.err != nil {
			continue
		}
		for _, s := range t.setsIn("") {
			opened = append(opened, s.tree)
			places = append(places, s)
		}
	}
	return places, func() { closeTrees(opened) }, err
}

// removeEmptySets removes those that nobody is in and that are not to be kept,
// the inner ones first.
func removeEmptySets(places []namedTree) {
	for _, p := range slices.Backward(places) {
		if p.name == "" {
			continue
		}
		if p.isLeft() {
			_ = unix.Rmdir(p.path) // what is not empty stays
		}
	}
}

func closeTrees(list []*tree) {
	for _, t := range list {
		unix.Close(t.fd)
	}
}

// orphans lists each name without owner once, sorted.
func orphans(trees []*tree) ([]string, error) {
	var names []string
	var errs error
	for _, t := range trees {
		if t.err != nil {
			continue
		}
		list, err := t.list()
		errs = errors.Join(errs, err)
		names = append(names, list...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(s string) bool {
		n, ok := ParseName(s)
		return !ok || !n.ownerGone()
	}), errs
}

func collect(ctx context.Context, trees []*tree, name string) (bool, error) {
	if n, _ := ParseName(name); n.Seq == 0 {
		return removeSeat(trees, name)
	}
	g, err := adopt(trees, name)
	if g == nil {
		return false, err
	}
	defer g.Close()
	if err := g.Kill(); err != nil {
		return false, err
	}
	if err := g.WaitEmpty(ctx); err != nil {
		return false, err
	}
	err = g.Remove()
	return err == nil, err
}

func removeSeat(trees []*tree, name string) (bool, error) {
	for _, t := range trees {
		if t.version != 2 || t.err != nil {
			continue
		}
		fd, err := openLocked(t.fd, name, unix.LOCK_EX)
		if err == unix.ENOENT {
			continue
		}
		if err != nil {
			return false, nil // it is held
		}
		defer unix.Close(fd)
		switch err := unlinkDir(t.fd, name); err {
		case nil:
			return true, nil
		case unix.EBUSY:
			return false, nil // children of the supervisor live on in it
		default:
			return false, fail("rmdir", t.path+"/"+name, err)
		}
	}
	return false, nil
}

// adopt takes over a group from its directories. No group and no error: it is
// held by somebody, or gone.
func adopt(trees []*tree, name string) (*Group, error) {
	g := newGroup(name)
	var twin *tree
	for _, t := range trees {
		switch {
		case t.err != nil || unix.Faccessat(t.fd, name, unix.F_OK, 0) != nil:
		case t.version == 2:
			twin = t
		default:
			g.addPart(t)
		}
	}
	if twin != nil {
		g.twin = g.addPart(twin)
		g.twin.split = unix.Faccessat(twin.fd, name+"/"+leafInit, unix.F_OK, 0) == nil // made first, removed last
	}
	for _, p := range g.parts {
		p.made = true
		if err := g.open(p); err != nil {
			g.Close()
			if isHeld(err) {
				err = nil
			}
			return nil, err
		}
	}
	if len(g.parts) == 0 {
		return nil, nil
	}
	return g, nil
}

func isHeld(err error) bool {
	return errors.Is(err, ErrHeld) || errors.Is(err, unix.ENOENT)
}
