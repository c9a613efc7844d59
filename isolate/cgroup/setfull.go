package cgroup

import (
	"strings"

	"golang.org/x/sys/unix"
)

// mark is a set's count of how often its memory limit was met, when a member came.
type mark struct {
	set   string
	level *level
	met   int64
}

// markSets notes the counts of the sets that the group is in, the innermost first.
func (g *Group) markSets() {
	g.marks = nil
	for _, in := range g.sets {
		names := strings.Split(g.set, "/")
		for i := len(in.levels) - 1; i >= 0; i-- {
			if met := in.levels[i].metMemory(); met != nil {
				g.marks = append(g.marks, mark{strings.Join(names[:i+1], "/"), in.levels[i], *met})
			}
		}
	}
}

// metMemory is how often a set's own limit of memory was met: failcnt on v1, on v2
// the "oom" of memory.events.local (since 5.2). It is nil where that is not told.
func (l *level) metMemory() *int64 {
	buf := make([]byte, 512)
	if l.version == 1 {
		b, err := readFile(l.fd, "memory.failcnt", buf)
		if err != nil {
			return nil
		}
		met := one(b)
		if b, err := readFile(l.fd, "memory.memsw.failcnt", buf); err == nil && met != nil {
			n, _ := number(b)
			*met += n
		}
		return met
	}
	b, err := readFile(l.fd, "memory.events.local", buf)
	if err != nil {
		return nil
	}
	return value(b, "oom")
}

// wasFull is what is left to ask on v1 of Linux 6.18, which counts no failures: it
// says whether a set has ever had all that it may.
func (l *level) wasFull() bool {
	if l.version == 2 {
		return false
	}
	p := part{leaf: l.fd}
	limit, err := p.bound("memory.limit_in_bytes")
	peak, e := p.bound("memory.max_usage_in_bytes")
	return err == nil && e == nil && limit != Unlimited && peak >= limit
}

// FullSet names the innermost set of which the group is a member whose memory
// limit was met since the group was made, by whomever, or on a v1 that does not
// count that at any time; none, or one that is not told, is "".
func (g *Group) FullSet() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.marks {
		if len(g.sets) == 0 {
			return "" // they are given back
		}
		if now := m.level.metMemory(); now != nil && *now > m.met || m.level.wasFull() {
			return m.set
		}
	}
	return ""
}

// SharesBandwidth says whether a set of which the group is a member has a limit of
// CPU time: what it holds back looks to the member as if others had its CPUs.
func (g *Group) SharesBandwidth() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, in := range g.sets {
		for _, l := range in.levels {
			file := "cpu.max"
			if l.version == 1 {
				file = "cpu.cfs_quota_us"
			}
			b, err := readFile(l.fd, file, make([]byte, 64))
			if err == nil && !noLimit(file, strings.TrimSpace(string(b))) {
				return true
			}
			if err != nil && err != unix.ENOENT {
				return true // it can't be told
			}
		}
	}
	return false
}
