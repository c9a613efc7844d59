package cgroup

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// standardRoot is where every distribution and container runtime mounts cgroups
// (file-hierarchy of systemd.io/CGROUP_DELEGATION).
const standardRoot = "/sys/fs/cgroup"

// Host is where this process may make groups. Make one a process: it numbers
// the groups, and holds a descriptor of each outer group.
type Host struct {
	Mode Mode

	why   error
	root  string // where the cgroup mounts are; standardRoot but in tests
	owner Name
	seq   atomic.Uint64

	mu      sync.Mutex
	members []membership
	mounts  []mount // nil unless the standard places failed
	located bool    // all hierarchies were looked for, not only those always needed
	trees   []*tree
	unified *tree    // the v2 tree, when it is mounted and writable
	enabled []string // controllers known to be in the outer group's subtree_control
	seat    int      // locked descriptor of our seat, -1 without one
}

// tree is one hierarchy.
type tree struct {
	version     int
	controllers []string // by their v1 names; on v2 filled on demand
	path        string   // directory of our own outer group
	rel         string   // the same as /proc/PID/cgroup prints it
	fd          int      // O_PATH
	err         error    // why no group can be made here
}

// Detect finds the process's own outer groups and whether it may make groups
// below them. It looks at the hierarchies that every group needs; the others
// wait until they are asked for. mountinfo is parsed only where memory and pids
// are in none of the standard places, since a host may have thousands of mounts.
//
// A host without usable cgroups is no error: its Mode is ModeNone. That it could
// not be looked at for want of descriptors or memory is one.
func Detect() (*Host, error) { return detect(standardRoot) }

func detect(root string) (*Host, error) {
	start, _, err := startTime(0)
	if err != nil {
		return nil, fail("read", "/proc/self/stat", err)
	}
	var buf [4096]byte
	b, err := readFile(unix.AT_FDCWD, "/proc/self/cgroup", buf[:])
	if errors.Is(err, unix.ENOENT) {
		b, err = nil, nil // a kernel without CONFIG_CGROUPS
	}
	if err != nil {
		return nil, fail("read", "/proc/self/cgroup", err)
	}
	h := &Host{root: root, seat: -1, owner: Name{PID: os.Getpid(), Start: start}, members: parseMemberships(b)}
	err = h.findTrees(false)
	if err == nil && h.find("memory") == nil && h.find("pids") == nil {
		err = h.findByMountinfo()
	}
	if err == nil {
		h.Mode, h.why = h.judge()
		err = ifPassing(h.why)
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Why tells why Mode is ModeNone; nil otherwise.
func (h *Host) Why() error { return h.why }

// NewName gives the next name for a group of this process.
func (h *Host) NewName() string {
	n := h.owner
	n.Seq = h.seq.Add(1)
	return n.String()
}

// Close gives the descriptors back. Groups outlive it.
func (h *Host) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.trees {
		if t.fd >= 0 {
			unix.Close(t.fd)
			t.fd = -1
			t.err = fail("use", t.path, ErrClosed)
		}
	}
	h.leaveSeat()
}

// judge decides the mode: memory and pids are the limits that a jail can't be
// without.
func (h *Host) judge() (Mode, error) {
	for _, c := range []string{"memory", "pids"} {
		t := h.find(c)
		if t == nil {
			return ModeNone, h.missing(c)
		}
		if t.err != nil {
			return ModeNone, t.err
		}
	}
	switch {
	case h.allUnified():
		return ModeV2, nil
	case h.unified != nil:
		return ModeHybrid, nil
	}
	return ModeV1, nil
}

func (h *Host) allUnified() bool {
	return h.find("memory") == h.unified && h.find("pids") == h.unified
}

func (h *Host) missing(controller string) error {
	e := &Error{Op: "find controller", Path: controller, Err: ErrNoController, Hint: hintMissing}
	if len(h.trees) == 0 {
		e.Hint = hintMount
	}
	return e
}

// find gives the tree in which a controller (by its v1 name) can be used, nil
// where there is none. On v2 CPU time is accounted without a controller.
func (h *Host) find(controller string) *tree {
	for _, t := range h.trees {
		for _, c := range t.controllers {
			if c == controller {
				return t
			}
		}
	}
	return nil
}
