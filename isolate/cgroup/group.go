package cgroup

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Group is the control group of one jail, in all hierarchies. Its methods may
// be called from several goroutines.
type Group struct {
	name  string
	parts []*part
	twin  *part // the one on v2, nil on pure v1
	procs []int
	into  int // O_PATH of the v2 directory for init
	kill  int // cgroup.kill, open for writing
	held  []held
	notes []string
	spec  Spec
	set   string   // of which it is a member
	sets  []*setIn // the same, opened
	marks []mark

	mu     sync.Mutex
	closed bool
	reads  [fileCount]int // kept descriptors of what is read, unopened or absent
	peak   int64          // sampled, where the kernel keeps none
	buf    []byte         // for Usage
}

// part is the group's directory in one hierarchy.
type part struct {
	tree   *tree
	dir    int      // locked
	leaf   int      // where the target is: dir, or its leaf t
	split  bool     // has the leaves i and t
	enable []string // controllers for the leaves; nil when they exist already
	made   bool
	late   bool // made when the target was running, which has to be moved to it
}

type held struct {
	file string
	dir  int
}

func newGroup(name string) *Group {
	g := &Group{name: name, into: -1, kill: -1}
	for f := range g.reads {
		g.reads[f] = unopened
	}
	return g
}

// addPart adds a hierarchy once: on v1 several controllers may share one.
func (g *Group) addPart(t *tree) *part {
	for _, p := range g.parts {
		if p.tree == t {
			return p
		}
	}
	p := &part{tree: t, dir: -1, leaf: -1}
	g.parts = append(g.parts, p)
	return p
}

func (p *part) path(name string) string { return p.tree.path + "/" + name }

// partOf gives the part that has a controller, nil for none.
func (g *Group) partOf(controller string) *part {
	for _, p := range g.parts {
		if p.tree.version == 2 && !p.split {
			continue // a twin meters init too, so it is no source
		}
		for _, c := range p.tree.controllers {
			if c == controller {
				return p
			}
		}
	}
	return nil
}

// Name is the directory's name in each hierarchy.
func (g *Group) Name() string { return g.name }

// IntoFD is a descriptor of the v2 directory that init is to be cloned into
// (CLONE_INTO_CGROUP, clone(2)); -1 where there is no v2 tree. It is the group's,
// and valid until Remove or Close.
func (g *Group) IntoFD() int { return g.into }

// ProcsFDs are open cgroup.procs (v1: tasks) files of the groups with limits:
// the target writes "0" to each. The kernel checks the write against the
// credentials of who opened them, so this works from inside a user namespace.
// They are the group's, and valid until Remove or Close.
func (g *Group) ProcsFDs() []int { return g.procs }

// Notes says which limits the kernel could not hold as asked, and what was set
// in their place.
func (g *Group) Notes() []string { return g.notes }

// Contains reports whether a process is in every group of the target: those with
// limits and the one that kills. It asks the kernel about the process, from
// outside (/proc/PID/cgroup).
func (g *Group) Contains(pid int) (bool, error) {
	b, err := procCgroup(pid)
	if err != nil {
		return false, err
	}
	for _, p := range g.parts {
		if !p.lists(b, p.target(g.name)) {
			return false, nil
		}
	}
	return true, nil
}

// ContainsInit reports whether a process will die by Kill: on v2 and hybrid it
// is in the v2 group or below. On pure v1 init has no group and it is false.
func (g *Group) ContainsInit(pid int) (bool, error) {
	if g.twin == nil {
		return false, nil
	}
	b, err := procCgroup(pid)
	if err != nil {
		return false, err
	}
	p := g.twin
	return p.lists(b, p.target(g.name)) || p.split && p.lists(b, g.name+"/"+leafInit), nil
}

// target is the place of the target, below the outer group.
func (p *part) target(name string) string {
	if p.split {
		return name + "/" + leafTarget
	}
	return name
}

func procCgroup(pid int) ([]byte, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/cgroup"
	b, err := readFile(unix.AT_FDCWD, path, make([]byte, 1024))
	if err != nil {
		return nil, fail("read", path, err)
	}
	return b, nil
}

func (p *part) lists(procCgroup []byte, name string) bool {
	return listed(procCgroup, p.tree.version, p.tree.controllers, p.tree.child(name))
}

// listed looks for a hierarchy's line with exactly this path.
func listed(procCgroup []byte, version int, controllers []string, path string) bool {
	want := ":" + path
	if version == 2 {
		want = "0:" + want
	} else {
		want = ":" + strings.Join(controllers, ",") + want
	}
	for line := range bytes.Lines(procCgroup) {
		s := strings.TrimSuffix(string(line), "\n")
		if version == 2 && s == want {
			return true
		}
		if i := strings.IndexByte(s, ':'); version == 1 && i >= 0 && s[i:] == want {
			return true
		}
	}
	return false
}

// ReadBack gives the limit files as the kernel has them now. What can't be read
// has the error as its value.
func (g *Group) ReadBack() map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make(map[string]string, len(g.held))
	for _, l := range g.held {
		var buf [256]byte
		b, err := readFile(l.dir, l.file, buf[:])
		if g.closed {
			err = ErrClosed
		}
		if err != nil {
			b = []byte(err.Error())
		}
		all[l.file] = strings.TrimSpace(string(b))
	}
	return all
}
