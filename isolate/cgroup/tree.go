package cgroup

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// controllers are those that jail knows, with their names on v2.
var controllers = [...]struct {
	v1, v2 string
	always bool // part of every group, and so located at once
}{
	{"memory", "memory", true},
	{"pids", "pids", true},
	{"cpuacct", "", true}, // on v2 every group accounts CPU time
	{"cpu", "cpu", false},
	{"blkio", "io", false},
	{"cpuset", "cpuset", false},
	{"hugetlb", "hugetlb", false},
	{"rdma", "rdma", false},
}

// membership is one line of /proc/PID/cgroup (cgroups(7)).
type membership struct {
	controllers []string // none for the v2 line
	path        string
}

func (m membership) v2() bool { return len(m.controllers) == 0 }

func parseMemberships(b []byte) []membership {
	var all []membership
	for line := range bytes.Lines(b) {
		id, rest, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), ":")
		list, path, ok2 := strings.Cut(rest, ":")
		switch {
		case !ok || !ok2 || !strings.HasPrefix(path, "/"):
		case list != "":
			all = append(all, membership{strings.Split(list, ","), path})
		case id == "0":
			all = append(all, membership{nil, path})
		}
	}
	return all
}

// wanted reports whether a hierarchy has a controller that jail uses, or, but
// for all, one that every group needs.
func (m membership) wanted(all bool) bool {
	for _, c := range controllers {
		if (all || c.always) && slices.Contains(m.controllers, c.v1) {
			return true
		}
	}
	return m.v2()
}

// locateAll looks for the hierarchies that Detect left aside.
func (h *Host) locateAll() error {
	if h.located {
		return nil
	}
	err := h.findTrees(true)
	if err == nil {
		err = h.restAbove()
	}
	h.located = err == nil
	return err
}

// findTrees opens our own group in the hierarchies of use. It fails only where a
// look could not be taken now: what can't be found is none.
func (h *Host) findTrees(all bool) error {
	for _, m := range h.members {
		if !m.wanted(all) || h.has(m) {
			continue
		}
		t, err := h.locate(m)
		if err == nil && t != nil {
			err = h.add(t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) has(m membership) bool {
	if m.v2() {
		return h.v2tree() != nil
	}
	t := h.find(m.controllers[0])
	return t != nil && t.version == 1
}

func (h *Host) findByMountinfo() error {
	const path = "/proc/self/mountinfo"
	var buf [8192]byte
	b, err := readFile(unix.AT_FDCWD, path, buf[:])
	if err != nil {
		return ifPassing(fail("read", path, err))
	}
	if h.mounts = parseMounts(b); len(h.mounts) > 0 {
		return h.findTrees(false)
	}
	return nil
}

func (h *Host) add(t *tree) (err error) {
	h.trees = append(h.trees, t)
	if t.version == 2 {
		t.controllers, err = h.unifiedControllers(t)
		if t.err == nil {
			h.unified = t
		}
	}
	return err
}

// unifiedControllers names what the v2 tree offers, in the names of v1.
func (h *Host) unifiedControllers(t *tree) ([]string, error) {
	var buf [512]byte
	b, err := readFile(t.fd, "cgroup.controllers", buf[:])
	if err != nil {
		return nil, ifPassing(fail("read", t.path+"/cgroup.controllers", err))
	}
	have, err := h.unifiedAbove(t, strings.Fields(string(b)))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range controllers {
		if c.v2 == "" || slices.Contains(have, c.v2) {
			names = append(names, c.v1)
		}
	}
	return names, nil
}

// locate opens our own group of one hierarchy, nil when it can't be found.
func (h *Host) locate(m membership) (*tree, error) {
	for _, at := range h.places(m) {
		t := &tree{version: 1, controllers: m.controllers, path: at, rel: m.path}
		magic := int64(unix.CGROUP_SUPER_MAGIC)
		if m.v2() {
			t.version, magic = 2, unix.CGROUP2_SUPER_MAGIC
		}
		// "/." because a co-mounted controller is a link: cpu -> cpu,cpuacct.
		fd, err := open(unix.AT_FDCWD, at+"/.", unix.O_PATH|unix.O_DIRECTORY)
		if Passing(err) {
			return nil, fail("open", at, err)
		}
		if err != nil {
			continue
		}
		var st unix.Statfs_t
		if unix.Fstatfs(fd, &st) != nil || int64(st.Type) != magic {
			unix.Close(fd)
			continue
		}
		t.fd = fd
		if err := t.climb(); err != nil {
			unix.Close(fd)
			return nil, err
		}
		t.err = t.writable()
		return t, nil
	}
	return nil, nil
}

// places lists where our own group of a hierarchy may be.
func (h *Host) places(m membership) []string {
	rel := strings.TrimSuffix(m.path, "/")
	if strings.HasPrefix(rel, "/..") {
		return nil // above the root of our cgroup namespace: out of reach
	}
	if h.mounts != nil {
		return placesByMounts(m, h.mounts)
	}
	if m.v2() {
		return []string{h.root + rel, h.root + "/unified" + rel}
	}
	at := []string{h.root + "/" + strings.Join(m.controllers, ",") + rel}
	if len(m.controllers) > 1 {
		for _, c := range m.controllers {
			at = append(at, h.root+"/"+c+rel)
		}
	}
	return at
}

// writable tells whether we may make a group here and move a task into it: the
// common ancestor's cgroup.procs must be writable too
// (cgroup-v2.rst, "Delegation Containment").
func (t *tree) writable() error {
	if err := unix.Faccessat(t.fd, ".", unix.W_OK|unix.X_OK, 0); err != nil {
		return t.notGiven(fail("make a group in", t.path, err))
	}
	if err := unix.Faccessat(t.fd, "cgroup.procs", unix.W_OK, 0); err != nil {
		return t.notGiven(fail("move tasks below", t.path, err))
	}
	return nil
}

// climb goes up from a seat that this process, or the one that started it, took
// (see seat.go): the outer group is the one above.
func (t *tree) climb() error {
	i := strings.LastIndexByte(t.path, '/')
	n, ok := ParseName(t.path[i+1:])
	if !ok || n.Seq != 0 || t.version != 2 {
		return nil
	}
	fd, err := open(t.fd, "..", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return ifPassing(fail("open", t.path+"/..", err))
	}
	unix.Close(t.fd)
	t.fd, t.path = fd, t.path[:i]
	t.rel = strings.TrimSuffix(t.rel, "/"+n.String())
	return nil
}

// child is the path of something below, as /proc/PID/cgroup prints it.
func (t *tree) child(name string) string { return strings.TrimSuffix(t.rel, "/") + "/" + name }

// list gives the names in our outer group that are names of groups of jail's.
func (t *tree) list() ([]string, error) {
	fd, err := open(t.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, fail("open", t.path, err)
	}
	d := os.NewFile(uintptr(fd), t.path)
	defer d.Close()
	all, err := d.Readdirnames(-1)
	if err != nil {
		return nil, fail("list", t.path, err)
	}
	return slices.DeleteFunc(all, func(s string) bool { _, ok := ParseName(s); return !ok }), nil
}
