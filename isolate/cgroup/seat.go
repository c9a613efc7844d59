package cgroup

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// enable makes the v2 controllers available to the groups that we make.
//
// The outer group may hold processes, this one at least, and then the kernel
// refuses with EBUSY ("no internal processes"; the real root is exempt). One
// way out is a leaf for ourselves, the seat, and it is taken only when
//   - this process is the only one in the outer group: nobody else is moved; and
//   - the group is ours to arrange: marked as delegated by systemd, owned by an
//     ordinary caller, the root of our cgroup namespace (a container), or there
//     is no systemd that could mind (systemd.io/CGROUP_DELEGATION).
//
// The seat has a name like a group, with sequence number 0, so that gc can
// remove it once we are gone; gc never kills in a seat. What the supervisor
// starts elsewhere from its seat, another jail too, finds the outer group above.
//
// The other way out is a group further up: see climbFor.
func (h *Host) enable(want []string) error {
	t := h.unified
	lack := lacking(want, h.enabled)
	if len(lack) == 0 {
		return nil
	}
	var buf [512]byte
	b, err := readFile(t.fd, "cgroup.subtree_control", buf[:])
	if err != nil {
		return fail("read", t.path+"/cgroup.subtree_control", err)
	}
	h.enabled = strings.Fields(string(b))
	if lack = lacking(want, h.enabled); len(lack) == 0 {
		return nil
	}
	err = writeFile(t.fd, "cgroup.subtree_control", plus(lack))
	if err == unix.EBUSY {
		alone, e := t.onlyMe()
		if e == nil && alone && t.ours() {
			if e = h.takeSeat(); e == nil {
				err = writeFile(t.fd, "cgroup.subtree_control", plus(lack))
			}
		}
		if e != nil {
			return e
		}
	}
	if err == unix.EBUSY || err == unix.ENOENT {
		return h.climbFor(want, t.enableError(lack, err))
	}
	if err != nil {
		return t.enableError(lack, err)
	}
	h.enabled = append(h.enabled, lack...)
	return nil
}

func lacking(want, have []string) []string {
	var lack []string
	for _, w := range want {
		found := false
		for _, x := range have {
			found = found || x == w
		}
		if !found {
			lack = append(lack, w)
		}
	}
	return lack
}

func plus(names []string) string { return "+" + strings.Join(names, " +") }

func enableError(path string, names []string, err error) error {
	e := fail("enable "+strings.Join(names, ", "), path+"/cgroup.subtree_control", err).(*Error)
	switch err {
	case unix.ENOENT, unix.EINVAL:
		e.Hint = hintMissing
	case unix.EBUSY:
		e.Hint = "other processes are in our own group: " + delegateHint()
	}
	return e
}

// enableError says it of our own group, where the mend depends on whose it is.
func (t *tree) enableError(names []string, err error) error {
	e := enableError(t.path, names, err).(*Error)
	if err == unix.EBUSY && t.rel == "/" {
		e.Hint = hintContainer
	}
	return e
}

func (h *Host) takeSeat() error {
	t := h.unified
	seat := Name{PID: h.owner.PID, Start: h.owner.Start}.String()
	path := t.path + "/" + seat
	fd, _, err := t.claim(seat, unix.LOCK_EX, true)
	if err != nil {
		return err
	}
	// Locked, it may be looked into: what we start from here may be another user's,
	// and finds the groups above from its own.
	err = unix.Fchmod(fd, 0o755)
	if err == nil {
		err = writeFile(fd, "cgroup.procs", "0")
	}
	if err != nil {
		unix.Close(fd)
		return fail("move ourselves to", path, err)
	}
	h.seat = fd
	return nil
}

func (h *Host) leaveSeat() {
	if h.seat >= 0 {
		unix.Close(h.seat)
		h.seat = -1
	}
}

// onlyMe reports whether this process is the only one in the outer group.
func (t *tree) onlyMe() (bool, error) {
	var buf [256]byte
	b, err := readFile(t.fd, "cgroup.procs", buf[:])
	if err != nil {
		return false, ifPassing(fail("read", t.path+"/cgroup.procs", err))
	}
	return strings.TrimSpace(string(b)) == strconv.Itoa(os.Getpid()), nil
}

// ours reports whether the outer group is ours to arrange.
func (t *tree) ours() bool {
	if t.rel == "/" || t.delegated() {
		return true
	}
	var st unix.Stat_t
	if uid := os.Geteuid(); uid != 0 {
		return unix.Fstatat(t.fd, ".", &st, 0) == nil && int(st.Uid) == uid
	}
	return !systemdRuns()
}

// delegated reads the mark that systemd leaves on units with Delegate=yes.
func (t *tree) delegated() bool {
	for _, attr := range [...]string{"user.delegate", "trusted.delegate"} {
		var buf [8]byte
		n, err := unix.Getxattr(t.path, attr, buf[:])
		if err == nil && string(buf[:n]) == "1" {
			return true
		}
	}
	return false
}
