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
	h.mu.Lock()
	err = h.locateAll()
	trees := slices.Clone(h.trees)
	if t := h.v2tree(); t != nil {
		above, e := t.overhead() // also those that we have climbed to ourselves
		defer closeTrees(above)
		err = errors.Join(err, e)
		trees = append(above, trees...)
	}
	h.mu.Unlock()

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
	return removed, err
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
		fd, err := openLocked(t.fd, name)
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
