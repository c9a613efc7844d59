package isolate

import (
	"os"
	"runtime"
	"strconv"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/stage"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// mapSources shows each tree of the caller's to the run's own user.
func (r *run) mapSources(list []plan.Source) error {
	for i := range list {
		if list[i].Fd < 0 {
			continue
		}
		if err := r.idmap(&r.policy.Files[i], list[i].Fd); err != nil {
			return err
		}
	}
	return nil
}

// idmap shows a detached tree to the run's own id as if it owned what the
// caller owns: files of everybody else stay nobody's (mount_setattr(2),
// MOUNT_ATTR_IDMAP). It gives no right on a file that the caller lacks.
func (r *run) idmap(f *policy.File, tree int) error {
	ns, err := r.callersNamespace()
	switch {
	case err != nil && f.Kind == policy.FileRO:
		return nil // as below; user namespaces may be forbidden
	case err != nil:
		return sourceError(f, err, "")
	}
	err = setIDMap(tree, ns, unix.AT_RECURSIVE, f.Source)
	if err == nil || f.Kind == policy.FileRO {
		return nil // read-only sources are then readable by their mode alone
	}
	return sourceError(f, err,
		"its file system can't be shown under another owner (Linux 5.12, and not every file system): its files belong to "+ownerOf(tree)+", the jail runs as uid "+strconv.Itoa(r.ids.target))
}

// setIDMap shows a tree that is attached nowhere by a user namespace: mount_setattr(2).
func setIDMap(tree, ns, flags int, path string) error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(ns)}
	if err := unix.MountSetattr(tree, "", uint(unix.AT_EMPTY_PATH|flags), &attr); err != nil {
		return &os.PathError{Op: "mount_setattr MOUNT_ATTR_IDMAP", Path: path, Err: err}
	}
	return nil
}

func ownerOf(tree int) string {
	var st unix.Stat_t
	if unix.Fstat(tree, &st) != nil {
		return "somebody"
	}
	return "uid " + strconv.Itoa(int(st.Uid))
}

// callersNamespace makes, once a run, a user namespace that maps the caller's
// ids to the run's. The process that it is made with is dying on return.
func (r *run) callersNamespace() (int, error) {
	if r.callerNS >= 0 {
		return r.callerNS, nil
	}
	fd, err := r.namespaceOf(strconv.Itoa(r.facts.UID) + " " + strconv.Itoa(r.ids.target) + " 1\n")
	if err == nil {
		r.callerNS = fd
	}
	return fd, err
}

// namespaceOf makes a user namespace that maps users and groups alike: root's have the
// same numbers (user_namespaces(7)).
func (r *run) namespaceOf(mapping string) (int, error) {
	if !r.cmd.HoldThread {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	r.reapHolder() // of a source before
	h, err := stage.Hold()
	if err != nil {
		return -1, err
	}
	r.holder = h
	defer h.End()
	fd, err := mapAndOpen(h.PID, mapping)
	if err != nil {
		return -1, err
	}
	r.closers = append(r.closers, func() { unix.Close(fd) })
	return fd, nil
}

// layersNamespace makes a user namespace that maps the ids that files of an image, of a
// state or of a folder have on the disk. What root has there the program owns; where it
// has a range of ids all others are who they are, and what the program's own id would be
// on the disk is root's inside.
func (r *run) layersNamespace() (int, error) {
	if r.ids.count == 1 {
		return r.callersNamespace()
	}
	if r.layers.ns > 0 {
		return r.layers.ns, nil
	}
	fd, err := r.namespaceOf(r.ids.swapped(r.policy.ProgramID()))
	if err == nil {
		r.layers.ns = fd
	}
	return fd, err
}

// swapped maps ids on the disk to those of the range: each to its own, but 0 and the
// program's to each other's.
func (i *ids) swapped(program int) string {
	line := func(from, to, n int) string {
		return strconv.Itoa(from) + " " + strconv.Itoa(i.base+to) + " " + strconv.Itoa(n) + "\n"
	}
	if program == 0 {
		return line(0, 0, i.count)
	}
	return line(0, program, 1) + line(1, 1, program-1) + line(program, 0, 1) + line(program+1, program+1, i.count-program-1)
}

// mapAndOpen maps ids of a holder's user namespace, and gives a descriptor of it.
func mapAndOpen(holder int, mapping string) (int, error) {
	if err := writeMaps(holder, mapping); err != nil {
		return -1, err
	}
	return unix.Open("/proc/"+strconv.Itoa(holder)+"/ns/user", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// reapHolder ends what namespaceOf has begun, when there is time to wait.
func (r *run) reapHolder() {
	if r.holder != nil {
		r.holder.Reap()
		r.holder = nil
	}
}
