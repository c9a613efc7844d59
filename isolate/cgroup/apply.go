package cgroup

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// limit writes the spec and reads every value back.
func (g *Group) limit(s Spec) error {
	for _, version := range [...]int{1, 2} {
		for _, set := range s.settings(version) {
			p := g.partOf(set.row.controller)
			if p == nil || p.tree.version != version {
				continue
			}
			if err := g.apply(p, set); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Group) apply(p *part, set setting) error {
	if p.tree.version == 1 && set.row.controller == "cpuset" {
		if err := p.inheritMems(); err != nil {
			return fail("write", p.path(g.name)+"/cpuset.mems", err)
		}
	}
	path := p.path(g.name) + "/" + set.file
	dir := p.place(set.row)
	got, err := writeBack(dir, set.file, set.value)
	switch {
	case err == unix.ENOENT && set.optional:
		return g.applyInstead(p, set)
	case err != nil && set.row.controller == "cpuset":
		return &Error{Op: "write", Path: path, Err: err, Hint: "cores " + set.value + " are not all among those of our own group, " + p.tree.path + "/cpuset.effective_cpus (v2: cpuset.cpus.effective)"}
	case err != nil:
		return set.fail(path, err)
	case !set.held(got):
		return &Error{Op: "read back", Path: path, Err: ErrNotHeld, Hint: "wanted " + set.want + ", the kernel has " + got}
	}
	g.hold(set.file, dir)
	return nil
}

// place is the directory that holds a limit.
func (p *part) place(r *row) int {
	if r.outer {
		return p.dir
	}
	return p.leaf
}

// held says whether what was read back is what was wanted: of a line with keys,
// those that were written. A device that nothing limits has no line.
func (s *setting) held(got string) bool {
	if !s.keyed {
		return got == s.want
	}
	want, said := strings.Fields(s.want), false
	for line := range strings.Lines(got) {
		f := strings.Fields(line)
		if len(f) > 1 && f[0] == "default" && len(want) == 1 {
			f = f[1:]
		}
		if len(f) == 0 || f[0] != want[0] {
			continue
		}
		if said = true; !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(f, w) }) {
			return true
		}
	}
	return !said && len(want) > 1 && !slices.ContainsFunc(want[1:], func(w string) bool { return !strings.HasSuffix(w, "=max") })
}

// fail explains a value that the kernel has refused.
func (s *setting) fail(path string, err error) error {
	if s.row.refused != "" && (err == unix.EINVAL || err == unix.ERANGE || err == unix.ENODEV || err == unix.ENOENT) {
		return &Error{Op: "write " + s.value + " to", Path: path, Err: err, Hint: s.row.refused}
	}
	if s.row.controller == "memory" && err == unix.EBUSY {
		return &Error{Op: "write " + s.value + " to", Path: path, Err: err, Hint: "more is in use, and can't be reclaimed: set more, or end jails first (jail group list, jail ps)"}
	}
	return fail("write "+s.value+" to", path, err)
}

// hold notes a file once, to be read back.
func (g *Group) hold(file string, dir int) {
	if h := (held{file, dir}); !slices.Contains(g.held, h) {
		g.held = append(g.held, h)
	}
}

func (g *Group) applyInstead(p *part, set setting) error {
	if set.note != "" {
		g.notes = append(g.notes, set.file+": "+set.note)
	}
	file, value, ok := strings.Cut(set.instead, "=")
	if !ok {
		return nil
	}
	if err := writeFile(p.leaf, file, value); err != nil {
		return fail("write", p.path(g.name)+"/"+file, err)
	}
	g.hold(file, p.leaf)
	return nil
}

// inheritMems: a v1 cpuset takes no task before it has memory nodes.
func (p *part) inheritMems() error {
	return copyDown(p.tree.fd, "cpuset.effective_mems", p.leaf, "cpuset.mems")
}

func writeBack(dir int, file, value string) (string, error) {
	fd, err := open(dir, file, unix.O_RDWR)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	if err := write(fd, value); err != nil {
		return "", err
	}
	var buf [256]byte
	b, err := readAt(fd, buf[:])
	return strings.TrimSpace(string(b)), err
}
