package cgroup

import (
	"strings"

	"golang.org/x/sys/unix"
)

// limit writes the spec and reads every value back.
func (g *Group) limit(s Spec) error {
	for _, version := range [...]int{1, 2} {
		for _, set := range s.settings(version) {
			p := g.partOf(set.controller)
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
	if p.tree.version == 1 && set.controller == "cpuset" {
		if err := p.inheritMems(); err != nil {
			return fail("write", p.path(g.name)+"/cpuset.mems", err)
		}
	}
	path := p.path(g.name) + "/" + set.file
	got, err := writeBack(p.leaf, set.file, set.value)
	switch {
	case err == unix.ENOENT && set.optional:
		return g.applyInstead(p, set)
	case err != nil && set.controller == "cpuset":
		return &Error{Op: "write", Path: path, Err: err, Hint: "cores " + set.value + " are not all among those of our own group, " + p.tree.path + "/cpuset.effective_cpus (v2: cpuset.cpus.effective)"}
	case err != nil:
		return fail("write", path, err)
	case got != set.want:
		return &Error{Op: "read back", Path: path, Err: ErrNotHeld, Hint: "wanted " + set.want + ", the kernel has " + got}
	}
	g.held = append(g.held, held{set.file, p})
	return nil
}

func (g *Group) applyInstead(p *part, set setting) error {
	g.notes = append(g.notes, set.file+": "+set.note)
	file, value, ok := strings.Cut(set.instead, "=")
	if !ok {
		return nil
	}
	if err := writeFile(p.leaf, file, value); err != nil {
		return fail("write", p.path(g.name)+"/"+file, err)
	}
	g.held = append(g.held, held{file, p})
	return nil
}

// inheritMems: a v1 cpuset takes no task before it has memory nodes.
func (p *part) inheritMems() error {
	var buf [256]byte
	b, err := readFile(p.tree.fd, "cpuset.effective_mems", buf[:])
	if err != nil {
		return err
	}
	return writeFile(p.leaf, "cpuset.mems", strings.TrimSpace(string(b)))
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
