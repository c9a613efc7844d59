package cgroup

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A set is a group of jails: a directory jail-set-NAME in our outer group, in
// each hierarchy that its members use, with limits of its own over all of them
// (SetLimits). The groups of its members lie in it, and further sets.
//
// Each member holds flock(2) shared on the directories of its sets. Who gets it
// exclusively knows that there is no member, and removes a directory, unless it
// is to be kept: then it has the sticky bit, which has no other meaning here.

// setPrefix begins the name of a set's directory; ParseName takes none of them.
const setPrefix = "jail-set-"

const keepBit = unix.S_ISVTX

// level is the directory of one set in one hierarchy; its descriptor holds it
// shared.
type level struct {
	*tree
	up   *tree
	name string
}

// inSet gives the place for the group's part in a hierarchy: the hierarchy's
// outer group, or the directory of the set in it.
func (g *Group) inSet(t *tree) (*tree, error) {
	if g.set == "" {
		return t, nil
	}
	for _, s := range g.sets {
		if s.base == t {
			return s.levels[len(s.levels)-1].tree, nil
		}
	}
	s := &setIn{base: t}
	g.sets = append(g.sets, s)
	return s.enter(g.set)
}

// setIn is a set's directories in one hierarchy, the outermost first.
type setIn struct {
	base   *tree
	levels []*level
}

func (s *setIn) enter(set string) (*tree, error) {
	at := s.base
	for name := range strings.SplitSeq(set, "/") {
		l, err := at.enter(setPrefix + name)
		if err != nil {
			return nil, err
		}
		s.levels = append(s.levels, l)
		at = l.tree
	}
	return at, nil
}

// enter opens a set's directory, made where it is missing, and holds it.
func (t *tree) enter(name string) (*level, error) {
	fd, made, err := t.claim(name, unix.LOCK_SH, true)
	if err != nil {
		return nil, err
	}
	l := &level{tree: t.below(name, fd), up: t, name: name}
	if made {
		if err := l.inherit(); err != nil {
			unix.Close(fd)
			return nil, err
		}
	}
	return l, nil
}

// below is the tree of a directory in a hierarchy's own.
func (t *tree) below(name string, fd int) *tree {
	return &tree{version: t.version, controllers: t.controllers, path: t.path + "/" + name, rel: t.child(name), fd: fd}
}

// inherit makes a new v1 directory one that bounds what is below it (before
// 5.11 memory was counted for itself alone), and that takes tasks.
func (l *level) inherit() error {
	if l.version != 1 {
		return nil
	}
	for _, c := range l.controllers {
		switch c {
		case "memory":
			_ = writeFile(l.fd, "memory.use_hierarchy", "1") // gone, or 1 already, where it can't be set
		case "cpuset":
			for _, f := range [...]string{"cpuset.cpus", "cpuset.mems"} {
				if err := copyDown(l.up.fd, f, l.fd, f); err != nil {
					return fail("write", l.path+"/"+f, err)
				}
			}
		}
	}
	return nil
}

// copyDown gives a v1 cpuset what the one above it has.
func copyDown(from int, source string, to int, file string) error {
	var buf [256]byte
	b, err := readFile(from, source, buf[:])
	if err != nil {
		return err
	}
	return writeFile(to, file, strings.TrimSpace(string(b)))
}

// enableIn hands v2 controllers on through the directories of the group's sets,
// but for the innermost few.
func (g *Group) enableIn(t *tree, want []string, but int) error {
	for _, s := range g.sets {
		if s.base != t {
			continue
		}
		for _, l := range s.levels[:len(s.levels)-but] {
			has, err := l.offers(want)
			if err == nil && !has {
				err = enableError(l.path, want, unix.ENOENT)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// hasSet says whether a set, or one that it is in, has a directory in a v1
// hierarchy, since it has a limit there: its members must be in it then.
func (t *tree) hasSet(set string) bool {
	outermost, _, _ := strings.Cut(set, "/")
	return t.hasAll(outermost)
}

// hasAll says whether all of a set's directories are in a v1 hierarchy.
func (t *tree) hasAll(set string) bool {
	return t != nil && t.version == 1 && set != "" && unix.Faccessat(t.fd, setPath(set), unix.F_OK, 0) == nil
}

// setPath is a set's directory below the outer group.
func setPath(set string) string {
	return setPrefix + strings.ReplaceAll(set, "/", "/"+setPrefix)
}

// leaveSets gives the sets back, and removes those without a member that are not
// to be kept.
func (g *Group) leaveSets(remove bool) {
	for _, s := range g.sets {
		for i := len(s.levels) - 1; i >= 0; i-- {
			if remove {
				s.levels[i].removeIfEmpty()
			}
			unix.Close(s.levels[i].fd)
		}
	}
	g.sets = nil
}

func (l *level) removeIfEmpty() {
	if l.isLeft() {
		_ = unlinkDir(l.up.fd, l.name) // it has other sets in it, or jail gc removes it
	}
}

// isLeft says whether nobody is in a set and it is not to be kept, which holds as
// long as its lock is held: SetLimits says so while it has it too.
func (t *tree) isLeft() bool {
	return unix.Flock(t.fd, unix.LOCK_EX|unix.LOCK_NB) == nil && !t.kept()
}

func (t *tree) kept() bool {
	var st unix.Stat_t
	return unix.Fstat(t.fd, &st) == nil && st.Mode&keepBit != 0
}

// setsIn gives the sets of a hierarchy, those in others after them, each with
// the name by which a policy knows it. They are not held; closeTrees closes them.
func (t *tree) setsIn(prefix string) (all []namedTree) {
	fd, err := open(t.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	d := os.NewFile(uintptr(fd), t.path)
	defer d.Close()
	names, _ := d.Readdirnames(-1) // what can't be listed has none that we may touch
	for _, name := range names {
		short, ok := strings.CutPrefix(name, setPrefix)
		if !ok {
			continue
		}
		fd, err := open(t.fd, name, unix.O_RDONLY|unix.O_DIRECTORY)
		if err != nil {
			continue
		}
		sub := namedTree{t.below(name, fd), prefix + short}
		all = append(append(all, sub), sub.setsIn(sub.name+"/")...)
	}
	return all
}

type namedTree struct {
	*tree
	name string // of the set; "" for the outer group itself
}
