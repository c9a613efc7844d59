package cgroup

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"
)

// Kept is the time in which tasks of the target were ready to run and not one of
// them did: others had its CPUs. It is "full" of cpu.pressure (since 5.13,
// Documentation/accounting/psi.rst), which the kernel keeps for every v2 group,
// one without controllers too. It fails with ErrNoFigure where there is none.
func (g *Group) Kept() (time.Duration, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.twin
	switch {
	case g.closed:
		return 0, &Error{Op: "read", Path: g.name + "/cpu.pressure", Err: ErrClosed}
	case p == nil:
		return 0, &Error{Op: "read", Path: g.name + "/cpu.pressure", Err: ErrNoFigure}
	}
	path := p.path(g.name) + "/cpu.pressure"
	b, err := readFile(p.leaf, "cpu.pressure", make([]byte, 512))
	switch err {
	case nil:
	case unix.ENOENT, unix.EOPNOTSUPP: // CONFIG_PSI, psi=0
		return 0, &Error{Op: "read", Path: path, Err: ErrNoFigure}
	default:
		return 0, fail("read", path, err)
	}
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("full ")); ok {
			if _, total, ok := bytes.Cut(rest, []byte("total=")); ok {
				if us, ok := number(bytes.TrimSpace(total)); ok {
					return time.Duration(us) * time.Microsecond, nil
				}
			}
		}
	}
	return 0, &Error{Op: "read", Path: path, Err: ErrNoFigure}
}
