package state

import (
	"context"
	"os"
	"path"
	"strings"

	"github.com/jailrun/jail/internal/draft"
	"github.com/jailrun/jail/internal/fsid"
	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// folder makes a folder, in place of what is no folder.
func (a *applier) folder(e *entry) error {
	dir := int(e.at.below.Top().Fd())
	if err := e.clear(); err != nil {
		return err
	}
	return a.asOwner(e.at.below.Top(), func() error { return unix.Mkdirat(dir, e.name, 0o755) })
}

// clear takes away what is no regular file and has the name of what is made.
func (e *entry) clear() error {
	if !e.had() || isKind(&e.was, unix.S_IFREG) && e.Type == "file" {
		return nil
	}
	return unix.Unlinkat(int(e.at.below.Top().Fd()), e.name, 0)
}

// asOwner has what root makes in a folder be that folder's owner's from the first: by the
// time at which it could be given to him, he may have put something else there.
func (a *applier) asOwner(dir *os.File, does func() error) error {
	if a.uid < 0 {
		return does()
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &st); err != nil {
		return err
	}
	return fsid.As(int(st.Uid), int(st.Gid), does)
}

// file copies a file, and gives the copy its name when it is whole.
func (a *applier) file(ctx context.Context, e *entry) error {
	from, err := e.open()
	if err != nil {
		return err
	}
	defer from.Close()
	d, err := draft.New(e.at.below.Top(), draft.ModeOf(e.st.Mode))
	if err != nil {
		return err
	}
	defer d.Drop()
	c := ranges{from: from.File, size: e.st.Size, left: &a.left}
	if err := c.copy(ctx, d.File); err != nil {
		return err
	}
	if err := a.dress(d.File, e); err != nil {
		return err
	}
	if err := e.clear(); err != nil {
		return err
	}
	return d.Replace(e.name)
}

// dress gives a copy the mode and the owner of the file that it replaces, but for set-id
// bits, or those of a new one. A change of the owner takes set-id bits away, and comes first.
func (a *applier) dress(f *os.File, e *entry) error {
	uid, gid := a.uid, a.gid
	replaces := isKind(&e.was, unix.S_IFREG)
	if replaces && uid >= 0 {
		uid, gid = int(e.was.Uid), int(e.was.Gid)
	}
	if uid >= 0 {
		if err := f.Chown(uid, gid); err != nil {
			return err
		}
	}
	if replaces {
		if err := f.Chmod(os.FileMode(e.was.Mode & 0o777)); err != nil {
			return err
		}
	}
	tv := unix.NsecToTimeval(e.st.Mtim.Nano())
	return unix.Futimes(int(f.Fd()), []unix.Timeval{tv, tv})
}

// link makes a link that stays in the folder.
func (a *applier) link(e *entry) error {
	target := e.target()
	if err := a.stays(e, target); err != nil {
		return err
	}
	if err := e.clear(); err != nil {
		return err
	}
	dir := int(e.at.below.Top().Fd())
	return a.asOwner(e.at.below.Top(), func() error { return unix.Symlinkat(target, dir, e.name) })
}

// stays says why a link is not made: it could lead out by its own names, or by a link
// that is in the folder already. What is not there yet comes by way of a link that stays.
// A link into another mount is left too.
func (a *applier) stays(e *entry, target string) error {
	name := strings.TrimPrefix(strings.TrimPrefix(e.Path, a.part.Target), "/")
	if !safepath.StaysBeneath(name, target) {
		return ErrEscapes
	}
	fd, err := unix.Openat2(int(a.root.Fd()), path.Join(path.Dir(name), target), &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	})
	switch err {
	case nil:
		return unix.Close(fd)
	case unix.ENOENT, unix.ENOTDIR:
		return nil
	case unix.EXDEV:
		return ErrEscapes
	}
	return err
}
