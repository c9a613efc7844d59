package main

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// startWithin bounds the wait for systemd.
const startWithin = 30 * time.Second

// delegate moves this process into a new scope, a group of systemd's that is the
// caller's to arrange (Delegate=, systemd.resource-control(5)): the user's own
// manager makes it for an ordinary user, the system's for root.
//
// The process goes on to a leaf of the scope, for a group with processes can't
// give controllers to others (cgroup-v2.rst, "No Internal Process Constraint"):
// whatever is started from here, a shell with many jails too, leaves the scope
// itself free, and jail makes its groups there.
func delegate() (*scope, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	uid := os.Geteuid()
	if err := checkHost(uid); err != nil {
		return nil, err
	}
	m, err := reach(ctx, uid)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	unit := "jail-" + strconv.Itoa(os.Getpid()) + ".scope"
	if err := startScope(ctx, m, unit); err != nil {
		return nil, err
	}
	return settle(unit, uid)
}

// checkHost says why there is nothing to be had, before anybody is asked.
func checkHost(uid int) error {
	var fs unix.Statfs_t
	v2 := unix.Statfs(root, &fs) == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC
	switch {
	case !v2 && uid == 0:
		return &Error{Op: "delegate below", Object: root, Err: errRootV1, Hint: `"jail doctor" says what is missing`}
	case !v2:
		return &Error{Op: "delegate below", Object: root, Err: errV1, Hint: "boot with systemd.unified_cgroup_hierarchy=1 for cgroup v2, or run jail as root; without, limits hold for each process, and sums are sampled"}
	}
	if _, err := os.Stat("/run/systemd/system"); err != nil { // sd_booted(3)
		return &Error{Op: "delegate below", Object: root, Err: errNoSystemd, Hint: byHand(uid)}
	}
	return nil
}

// byHand is what root does where no systemd does it.
func byHand(uid int) string {
	u := strconv.Itoa(uid)
	return "as root make a group by hand: mkdir -p " + root + "/user/shell && chown " + u + " " + root + "/user " + root + "/user/shell " + root + "/user/cgroup.procs " +
		root + "/user/cgroup.subtree_control " + root + "/user/shell/cgroup.procs && echo '+memory +pids' >" + root + "/cgroup.subtree_control && echo PID >" + root + "/user/shell/cgroup.procs, with the PID of the user's shell"
}

// execute becomes the command. It returns only when that fails.
func execute(argv []string) error {
	path, err := exec.LookPath(argv[0])
	if err == nil {
		err = unix.Exec(path, argv, os.Environ()) // #nosec G204 -- what the user asked for, with nobody's rights but his
	}
	return &Error{Op: "execute", Object: argv[0], Err: err}
}
