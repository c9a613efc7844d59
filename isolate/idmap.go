package isolate

import (
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/stage"
	"github.com/jailrun/jail/isolate/tape"
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
// ids to the run's.
func (r *run) callersNamespace() (int, error) {
	if r.callerNS > 0 {
		return r.callerNS, nil
	}
	f := r.facts
	fd, err := mappedNamespace(f.UID, f.GID, r.ids.target)
	if err != nil {
		return -1, err
	}
	r.callerNS = fd
	r.closers = append(r.closers, func() { unix.Close(fd) })
	return fd, nil
}

// mappedNamespace makes a user namespace in which inside ids uid and gid are
// the host's id, and gives a descriptor of it. The process that it is made with
// is gone on return.
func mappedNamespace(uid, gid, id int) (int, error) {
	ours, theirs, err := pair()
	if err != nil {
		return -1, err
	}
	defer unix.Close(ours)
	err = startHolder(uintptr(theirs))
	unix.Close(theirs)
	if err != nil {
		return -1, err
	}
	holder, err := bornPID(ours)
	if err != nil {
		return -1, err
	}
	defer func() {
		_ = unix.Kill(holder, unix.SIGKILL)
		_, _ = wait4(holder, nil)
	}()
	return mapAndOpen(holder, uid, gid, id)
}

// startHolder plays the holder's tape; the stage itself is gone on return.
func startHolder(socket uintptr) error {
	t, err := holderTape()
	if err != nil {
		return err
	}
	fds := []uintptr{socket, socket, socket, socket}
	image, err := stage.Write(t.Image(stage.Code()), stage.Above(fds))
	if err != nil {
		return err
	}
	defer unix.Close(image)
	pid, err := stage.Start(image, fds)
	if err != nil {
		return err
	}
	_, err = wait4(pid, nil)
	if errors.Is(err, unix.ECHILD) {
		return nil // somebody else's wait4(-1) was first
	}
	return err
}

// bornPID waits for the holder's pid, as long as a launch may take.
func bornPID(fd int) (int, error) {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(p, int(launchDeadline/time.Millisecond))
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	m, err := receive(fd, make([]byte, 64))
	switch {
	case err != nil:
		return 0, err
	case m.word(0) == plan.MsgFail:
		return 0, unix.Errno(-int64(m.word(16)))
	case m.word(0) != plan.MsgBorn:
		return 0, errStageDied
	}
	return int(m.word(8)), nil
}

func mapAndOpen(holder, uid, gid, id int) (int, error) {
	dir := "/proc/" + strconv.Itoa(holder)
	to := " " + strconv.Itoa(id) + " 1"
	if err := writeProc(dir+"/uid_map", strconv.Itoa(uid)+to); err != nil {
		return -1, err
	}
	if err := writeProc(dir+"/gid_map", strconv.Itoa(gid)+to); err != nil {
		return -1, err
	}
	return unix.Open(dir+"/ns/user", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// holderTape clones a process that holds a new user namespace until its socket
// ends.
func holderTape() (*tape.Tape, error) {
	b := tape.NewBuilder()
	fail, hold := b.NewLabel(), b.NewLabel()
	b.Enter(tape.Stage, fail)
	b.SetVar(tape.ErrTag, plan.MsgFail)
	body := b.Var(16)
	b.SetVar(body, plan.MsgBorn)
	args := b.Words(unix.CLONE_PARENT|unix.CLONE_NEWUSER, 0, 0, 0, 0, 0, 0, 0)
	b.Call("clone the holder", unix.SYS_CLONE3, args, 64).Into(body + 8).Zero = hold
	b.Call("tell its pid", unix.SYS_WRITE, plan.FdCtl, uint64(body), 16)
	b.Call("exit", unix.SYS_EXIT_GROUP, 0)
	b.Here(hold)
	word := b.Var(8)
	b.Call("hold", unix.SYS_READ, plan.FdCtl, uint64(word), 8).Soft()
	b.Call("exit", unix.SYS_EXIT_GROUP, 0)
	b.Here(fail)
	b.Call("report the error", unix.SYS_WRITE, plan.FdCtl, uint64(tape.ErrTag), 24).Soft()
	b.Call("exit", unix.SYS_EXIT_GROUP, 125)
	return b.Finish()
}
