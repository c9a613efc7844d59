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
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(ns)}
	err = unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr)
	if err == nil || f.Kind == policy.FileRO {
		return nil // read-only sources are then readable by their mode alone
	}
	return sourceError(f, &os.PathError{Op: "mount_setattr MOUNT_ATTR_IDMAP", Path: f.Source, Err: err},
		"its file system can't be shown under another owner (Linux 5.12, and not every file system): its files belong to "+ownerOf(tree)+", the jail runs as uid "+strconv.Itoa(r.ids.target))
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
	fd, err := r.namespaceOf(r.facts.UID, r.facts.GID, 1)
	if err == nil {
		r.callerNS = fd
	}
	return fd, err
}

// namespaceOf makes a user namespace that maps ids, from uid and gid on, to the run's.
func (r *run) namespaceOf(uid, gid, count int) (int, error) {
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
	fd, err := mapAndOpen(h.PID, uid, gid, r.ids.target, count)
	if err != nil {
		return -1, err
	}
	r.closers = append(r.closers, func() { unix.Close(fd) })
	return fd, nil
}

// layersNamespace makes a user namespace that maps the ids that files of an image, or of
// a state, have on the disk: to a program that is root inside, all that it has.
func (r *run) layersNamespace() (int, error) {
	if r.ids.count == 1 {
		return r.callersNamespace()
	}
	if r.layers.ns > 0 {
		return r.layers.ns, nil
	}
	fd, err := r.namespaceOf(0, 0, r.ids.count)
	if err == nil {
		r.layers.ns = fd
	}
	return fd, err
}

// mapAndOpen maps inside ids of a holder's user namespace, from uid and gid on, to the
// host's from id on, and gives a descriptor of it.
func mapAndOpen(holder, uid, gid, id, count int) (int, error) {
	dir := "/proc/" + strconv.Itoa(holder)
	to := " " + strconv.Itoa(id) + " " + strconv.Itoa(count)
	if err := writeProc(dir+"/uid_map", strconv.Itoa(uid)+to); err != nil {
		return -1, err
	}
	if err := writeProc(dir+"/gid_map", strconv.Itoa(gid)+to); err != nil {
		return -1, err
	}
	return unix.Open(dir+"/ns/user", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// reapHolder ends what callersNamespace has begun, when there is time to wait.
func (r *run) reapHolder() {
	if r.holder != nil {
		r.holder.Reap()
		r.holder = nil
	}
}
