package state

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// Diff tells each change of a state, part by part, folders before what is in them.
// Stack gives what a part without a Source lies over: the image's layers. An error of
// say ends it, and is its own; ErrTooDeep and ErrTooMany say that there is more than was
// told.
func (s *State) Diff(ctx context.Context, image rootfs.Stack, say func(Change) error) error {
	for i := range s.Parts {
		w := &walk{tops: true, visit: func(e *entry) (bool, error) { return false, say(e.Change) }}
		if err := s.walk(ctx, w, &s.Parts[i], image); err != nil {
			return err
		}
	}
	return nil
}

// walk goes through a part's upper layer and what is below it.
func (s *State) walk(ctx context.Context, w *walk, p *Part, image rootfs.Stack) error {
	below, err := s.below(p, image)
	if err != nil {
		return err
	}
	return s.walkOver(ctx, w, p, below)
}

// walkOver walks over a folder, which it closes.
func (s *State) walkOver(ctx context.Context, w *walk, p *Part, below *rootfs.Folder) error {
	defer below.Close()
	part, err := safepath.OpenFolder(int(s.root.Fd()), p.Dir, w.rights())
	if err != nil {
		return s.fail("open", &os.PathError{Op: "open", Path: p.Dir, Err: err})
	}
	defer part.Close()
	w.ctx, w.state, w.part, w.left = ctx, s, p, cmp.Or(w.bounded, most)
	if w.tops {
		if err := w.closedTop(int(part.Fd())); err != nil {
			return err
		}
	}
	upper, err := safepath.OpenFolder(int(part.Fd()), UpperDir, w.rights())
	if err != nil {
		return s.fail("open", &os.PathError{Op: "open", Path: p.Dir + "/" + UpperDir, Err: err})
	}
	defer upper.Close()
	_, err = w.folder(&level{upper: upper, below: below, inside: p.Target})
	return err
}

// closedTop tells of a folder that the program sees as the part's own, and that it has
// closed to its owner: no run can enter it any more.
func (w *walk) closedTop(part int) error {
	var st unix.Stat_t
	if err := unix.Fstatat(part, UpperDir, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return w.state.fail("look at", err)
	}
	if st.Mode&0o700 == 0o700 {
		return nil
	}
	e := &entry{Change: Change{Path: w.part.Target, Folder: w.part.Source}}
	_, err := w.say(e, Changed, &st, ModeOnly)
	return err
}

// below opens what a part lies over.
func (s *State) below(p *Part, image rootfs.Stack) (*rootfs.Folder, error) {
	if p.Source == "" {
		f, err := image.Folder()
		if err != nil {
			return nil, s.fail("open", err)
		}
		return f, nil
	}
	dir, err := openSource(p)
	if err != nil {
		return nil, err
	}
	return rootfs.FolderOf(dir), nil
}

// openSource opens the host's folder that a part lies over: that one, and no other that
// has come in its place. It follows no link that another than the caller and root can
// have made.
func openSource(p *Part) (*os.File, error) {
	const hint = "put the folder back where it was; what the state keeps of it can be looked for in jail state export"
	place, err := safepath.Find(p.Source, nil)
	if err != nil {
		return nil, &Error{Op: "open", Object: p.Source, Err: err}
	}
	defer place.Close()
	dir, err := safepath.Beneath(int(place.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOTDIR) {
		err = ErrMoved
	}
	if err != nil {
		return nil, &Error{Op: "open", Object: p.Source, Err: err, Hint: hint}
	}
	var st unix.Stat_t
	if err = unix.Fstat(int(dir.Fd()), &st); err == nil && !p.isOf(st.Dev, st.Ino) {
		err = ErrMoved
	}
	if err != nil {
		dir.Close()
		return nil, &Error{Op: "open", Object: p.Source, Err: err, Hint: hint}
	}
	return dir, nil
}
