package state

import (
	"context"
	"errors"
	"os"
	"path"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// remove removes what the program has removed: nothing that is mounted there, nor what
// has come since.
func (a *applier) remove(ctx context.Context, e *entry) error {
	r := &remover{applier: a, ctx: ctx, since: a.latest(e.since()), left: most}
	return r.name(e.at.below.Top(), e.name, e.Path, mostDepth-e.at.depth)
}

// since is a time at which the program had not yet removed what was below. All whiteouts
// of a mount are one inode (kernel, fs/overlayfs/dir.c): each link that is made or removed
// changes its ctime, while its mtime is that of the first. Others have the time of their birth: any change in
// a folder, also one of jail's own, moves its ctime.
func (e *entry) since() unix.Timespec {
	switch {
	case e.st.Mode == 0:
		return e.at.since
	case rootfs.IsWhiteout(&e.st):
		return e.st.Mtim
	}
	at, _ := born(int(e.at.upper.Fd()), e.name) // where that is not known all is newer
	return at
}

// latest bounds a time at which the program made something by one at which it had not yet
// run, where what it has made was made anew from a backup.
func (a *applier) latest(at unix.Timespec) unix.Timespec {
	if made := unix.NsecToTimespec(a.state.Made.UnixNano()); a.state.Imported && after(at, made) {
		return made
	}
	return at
}

// remover removes one name of the folder, with what is in it.
type remover struct {
	*applier
	ctx   context.Context
	since unix.Timespec
	left  bounds
}

func (r *remover) name(dir *os.File, name, inside string, depth int) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	var st unix.Stat_t
	err := unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	switch {
	case err == unix.ENOENT:
		return nil
	case err != nil:
		return err
	case isKind(&st, unix.S_IFDIR):
		return r.folder(dir, name, inside, depth)
	case !r.overwrite && after(st.Ctim, r.since):
		return ErrNewer
	}
	return unix.Unlinkat(int(dir.Fd()), name, 0)
}

// after says whether one time is later than another.
func after(a, b unix.Timespec) bool { return a.Sec > b.Sec || a.Sec == b.Sec && a.Nsec > b.Nsec }

// folder removes a folder from its bottom up. What is in it and stays is told with its
// reason.
func (r *remover) folder(dir *os.File, name, inside string, depth int) error {
	if depth == 0 {
		return ErrTooDeep
	}
	f, err := safepath.BeneathMount(int(dir.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, safepath.OtherMount) {
		return ErrMounted
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := r.bars(f); err != nil {
		return err
	}
	names, err := r.names(f)
	if err != nil {
		return err
	}
	if len(names) == 0 && !r.overwrite && r.isNewer(f) {
		return ErrNewer
	}
	if err := r.all(f, names, inside, depth); err != nil {
		return err
	}
	if err = unix.Unlinkat(int(dir.Fd()), name, unix.AT_REMOVEDIR); err == unix.ENOTEMPTY {
		return ErrKept
	}
	return err
}

// names are those of a folder that were there when it was begun to be removed.
func (r *remover) names(f *os.File) (names []string, err error) {
	err = rootfs.Names(f, func(name string) error {
		names = append(names, name)
		if !r.left.take(1, len(name)) {
			return ErrTooMany
		}
		return nil
	})
	return names, err
}

// isNewer says whether a folder was made since. Its ctime is as late as the last of what
// was removed from it.
func (r *remover) isNewer(f *os.File) bool {
	made, known := born(int(f.Fd()), "")
	return known && after(made, r.since)
}

// born is when a file was made, statx(2), where its file system knows.
func born(dir int, name string) (at unix.Timespec, known bool) {
	var st unix.Statx_t
	err := unix.Statx(dir, name, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &st)
	return unix.Timespec{Sec: st.Btime.Sec, Nsec: int64(st.Btime.Nsec)}, err == nil && st.Mask&unix.STATX_BTIME != 0
}

// isNewer says whether the file that a change is to replace was changed since the
// program has begun its own: that was made when it was copied up, or later.
func (a *applier) isNewer(e *entry) bool {
	if e.Kind == Deleted || !e.had() || isKind(&e.was, unix.S_IFDIR) {
		return false
	}
	made, known := born(int(e.at.upper.Fd()), e.name)
	return known && after(e.was.Ctim, a.latest(made))
}

func (r *remover) all(f *os.File, names []string, inside string, depth int) error {
	kept := false
	for _, name := range names {
		below := path.Join(inside, name)
		err := r.name(f, name, below, depth-1)
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if err != nil {
			kept = true
			r.leave(f, name, below, err)
		}
	}
	if kept {
		return ErrKept
	}
	return nil
}

// leave tells of what stays in a folder that was removed.
func (r *remover) leave(f *os.File, name, inside string, err error) {
	var st unix.Stat_t
	_ = unix.Fstatat(int(f.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) // what is gone has no type
	r.done.leave(&Change{Kind: Deleted, Path: inside, PathHex: hexOf(inside), Type: typeOf(st.Mode), Folder: r.part.Source}, err)
}
