package state

import (
	"slices"

	"github.com/jailrun/jail/rootfs"
)

// bounds are what is left of what a walk takes in: a program may make as much as its
// state has room for.
type bounds struct {
	names int // that are looked at
	room  int // bytes of them and of their paths
}

// most is enough for trees that people have, and little memory.
var most = bounds{names: 1_000_000, room: 128 << 20}

// names are those of a level in their order: what is hidden by it too.
func (w *walk) names(l *level) (names []string, err error) {
	take := func(name string) error {
		names = append(names, name)
		return w.take(l.inside, 1, len(name))
	}
	err = rootfs.Names(l.upper.File, take)
	if err == nil && l.hides && l.below != nil {
		err = l.below.Names(take)
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// take counts names, and bytes of names.
func (w *walk) take(inside string, names, bytes int) error {
	if w.left.take(names, bytes) {
		return nil
	}
	return &Error{Op: "compare", Object: inside, Err: ErrTooMany, Hint: tooMuchHint}
}

// take says whether there was as much left.
func (b *bounds) take(names, bytes int) bool {
	b.names -= names
	b.room -= bytes
	return b.names >= 0 && b.room >= 0
}

const tooMuchHint = "no more is looked at; jail state apply takes parts by their path"
