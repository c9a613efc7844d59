package cgroup

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrLimited tells that groups could only be made outside of a limit that this
// process is under.
var ErrLimited = errors.New("it is limited, and a group made above it would not be")

// bounds are the files by which a v2 group limits what is in it, with the words
// that mean "no limit" (cgroup-v2.rst). A file that is missing is no limit: the
// controller is not enabled there.
var bounds = [...]struct{ file, none string }{
	{"memory.max", "max"},
	{"memory.high", "max"},
	{"memory.swap.max", "max"},
	{"memory.swap.high", "max"},
	{"memory.zswap.max", "max"},
	{"pids.max", "max"},
	{"cpu.max", "max"}, // "max PERIOD"
	{"cpu.idle", "0"},
	{"io.max", ""},
	{"cpuset.cpus", ""},
	{"cpuset.mems", ""},
	{"cgroup.max.descendants", "max"},
	{"cgroup.max.depth", "max"},
}

// climbFor makes the nearest group above ours, in which groups with the wanted
// controllers can be made, our outer group.
//
// It is for a group of our own that holds other processes, and so can't
// distribute controllers: every login shell's on a host with systemd. A group is
// left only if it imposes no limit of its own, so that what we run stays under
// every limit that we are under; and never the root of our cgroup namespace,
// which is a container's. What a BPF program attached to a group that is left
// would keep from its members, devices and addresses, a jail has none of.
//
// It gives busy, the error that led here, where nothing above is ours to write.
func (h *Host) climbFor(want []string, busy error) error {
	up, err := h.unified.higher(want)
	switch {
	case err != nil:
		return err
	case up == nil:
		return busy
	}
	h.settleIn(up, want)
	return nil
}

// higher gives the nearest group above t that offers the controllers, nil where
// there is none to be had.
func (t *tree) higher(want []string) (*tree, error) {
	up, err := t.above()
	if up == nil {
		return nil, err
	}
	file, err := t.bound()
	switch {
	case up.err != nil:
		err = nil
	case err != nil:
	case file != "":
		err = &Error{Op: "go above", Path: t.path + "/" + file, Err: ErrLimited, Hint: delegateHint()}
	default:
		var has bool
		if has, err = up.offers(want); has {
			return up, nil
		}
		var top *tree
		if err == nil {
			top, err = up.higher(want)
		}
		unix.Close(up.fd)
		return top, err
	}
	unix.Close(up.fd)
	return nil, err
}

// settleIn makes t the outer group. The one below stays known: groups without
// controllers may have been made in it.
func (h *Host) settleIn(t *tree, enabled []string) {
	t.controllers = h.unified.controllers
	h.trees = append(h.trees, t)
	h.unified, h.enabled = t, enabled
}

// bound gives the file by which a group limits its members, or "".
func (t *tree) bound() (string, error) {
	for _, b := range bounds {
		var buf [256]byte
		text, err := readFile(t.fd, b.file, buf[:])
		if err == unix.ENOENT {
			continue
		}
		if err != nil {
			return "", fail("read", t.path+"/"+b.file, err)
		}
		if !unbounded(string(text), b.none) {
			return b.file, nil
		}
	}
	return "", nil
}

func unbounded(text, none string) bool {
	text = strings.TrimSpace(text)
	word, _, _ := strings.Cut(text, " ")
	return text == "" || word == none
}

// above opens the group above, nil where there is none within our cgroup
// namespace and our mount.
func (t *tree) above() (*tree, error) {
	i, j := strings.LastIndexByte(t.rel, '/'), strings.LastIndexByte(t.path, '/')
	if t.rel == "/" || i < 0 || j <= 0 || t.rel[i:] != t.path[j:] {
		return nil, nil
	}
	fd, err := open(t.fd, "..", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, fail("open", t.path+"/..", err)
	}
	var st unix.Statfs_t
	if unix.Fstatfs(fd, &st) != nil || int64(st.Type) != unix.CGROUP2_SUPER_MAGIC {
		unix.Close(fd)
		return nil, nil
	}
	up := &tree{version: 2, path: t.path[:j], rel: t.rel[:max(i, 1)], fd: fd}
	up.err = up.writable()
	return up, nil
}

// offers says whether groups made in t have the wanted controllers, which it
// enables where they are not. A refusal means that t isn't the place: EBUSY if
// it holds processes too, ENOENT if it lacks a controller itself.
func (t *tree) offers(want []string) (bool, error) {
	var buf [512]byte
	b, err := readFile(t.fd, "cgroup.subtree_control", buf[:])
	if lack := lacking(want, strings.Fields(string(b))); err == nil && len(lack) > 0 {
		err = writeFile(t.fd, "cgroup.subtree_control", plus(lack))
	}
	if err != nil {
		return false, ifPassing(fail("look at", t.path+"/cgroup.subtree_control", err))
	}
	return true, nil
}

// overhead gives the groups of the v2 tree above ours, for gc: an earlier
// supervisor may have climbed to any of them. The caller closes them.
func (t *tree) overhead() ([]*tree, error) {
	var all []*tree
	for {
		up, err := t.above()
		if err != nil || up == nil {
			return all, ifPassing(err)
		}
		all = append(all, up)
		t = up
	}
}

// unifiedAbove adds what our own v2 group lacks and one above it has, if v1 does
// not have it either: enable climbs to it.
func (h *Host) unifiedAbove(t *tree, have []string) ([]string, error) {
	if len(lacking([]string{"memory", "pids"}, have)) == 0 || h.onV1("memory") || h.onV1("pids") {
		return have, nil
	}
	above, err := t.offeredAbove()
	return append(have, lacking(above, have)...), err
}

// offeredAbove lists the controllers of the groups above in which we may make
// groups, each once.
func (t *tree) offeredAbove() (have []string, err error) {
	all, err := t.overhead()
	defer closeTrees(all)
	for _, up := range all {
		var buf [512]byte
		b, e := readFile(up.fd, "cgroup.controllers", buf[:])
		if e == nil && up.err == nil {
			have = append(have, lacking(strings.Fields(string(b)), have)...)
		}
		if Passing(e) {
			err = fail("read", up.path+"/cgroup.controllers", e)
		}
	}
	return have, err
}

// restAbove adds the controllers that are asked for now and then, and that our own
// v2 group lacks and one above it has: a leaf is given those alone that somebody
// beside it has asked for.
func (h *Host) restAbove() error {
	if h.unified == nil {
		return nil
	}
	above, err := h.unified.offeredAbove()
	for _, c := range controllers {
		if c.v2 != "" && h.find(c.v1) == nil && slices.Contains(above, c.v2) {
			h.unified.controllers = append(h.unified.controllers, c.v1)
		}
	}
	return err
}

func (h *Host) onV1(controller string) bool {
	for _, m := range h.members {
		for _, c := range m.controllers {
			if c == controller {
				return true
			}
		}
	}
	return false
}
