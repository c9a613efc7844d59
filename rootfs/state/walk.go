package state

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path"
	"unicode/utf8"

	"github.com/jailrun/jail/internal/safepath"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// walk compares a part's upper layer with what is below it, name by name, in folders that
// are held open.
type walk struct {
	ctx   context.Context
	state *State
	part  *Part

	bounded bounds // the zero value: most
	left    bounds
	room    pair

	tops   bool                                     // it tells of a part's own folder too
	enters func(inside string) bool                 // whether a folder is looked into; nil: each is
	bars   func(dir *os.File) error                 // why what is below is left alone; nil: nothing is
	visit  func(e *entry) (settled bool, err error) // is told of each change, and whether there still is one
	settle func(e *entry, hid bool) error           // is told of each folder of the upper layer in which nothing differs
}

// mostDepth bounds the folders within folders: each holds two descriptors.
const mostDepth = 256

// level is a folder that the walk is in.
type level struct {
	upper  *safepath.Opened
	below  *rootfs.Folder // nil: there is none
	barred error          // why there is none that may be looked at
	inside string         // its path as the program sees it
	depth  int
	hides  bool          // it shows nothing of what is below
	since  unix.Timespec // and has been so at least from then
}

func (l *level) close() {
	l.upper.Close()
	if l.below != nil {
		l.below.Close()
	}
}

// entry is a name of a level, and what became of it.
type entry struct {
	Change
	at      *level
	name    string
	st, was unix.Stat_t // in the upper layer, and below it; Mode 0: it isn't there
}

// had says whether there was something below.
func (e *entry) had() bool { return e.was.Mode != 0 }

// folder goes through a level. It is settled if nothing in it differs any more.
func (w *walk) folder(l *level) (settled bool, err error) {
	names, err := w.names(l)
	if err != nil {
		return false, err
	}
	settled = true
	for _, name := range names {
		if err := w.ctx.Err(); err != nil {
			return false, err
		}
		same, err := w.name(l, name)
		if err != nil {
			return false, err
		}
		settled = settled && same
	}
	return settled, nil
}

// rights are what the walk needs on folders of the upper layer.
func (w *walk) rights() uint32 {
	if w.settle != nil {
		return 0o700 // what is settled is taken out
	}
	return 0o500
}

// name looks at one name of a level.
func (w *walk) name(l *level, name string) (settled bool, err error) {
	e := &entry{at: l, name: name, Change: Change{Path: path.Join(l.inside, name), Folder: w.part.Source}}
	if err := w.take(l.inside, 0, len(e.Path)); err != nil {
		return false, err
	}
	if err := e.look(); err != nil {
		return false, &Error{Op: "compare", Object: e.Path, Err: err}
	}
	switch {
	case e.st.Mode == 0 || rootfs.IsWhiteout(&e.st):
		return w.gone(e)
	case isKind(&e.st, unix.S_IFDIR):
		return w.dir(e)
	}
	return w.thing(e)
}

// look asks what the name is in the upper layer, and what it was below.
func (e *entry) look() error {
	err := unix.Fstatat(int(e.at.upper.Fd()), e.name, &e.st, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil && err != unix.ENOENT {
		return err
	}
	if e.at.below == nil {
		return nil
	}
	if e.was, err = e.at.below.Lstat(e.name); err == unix.ENOENT {
		return nil
	}
	return err
}

// say tells of a change.
func (w *walk) say(e *entry, kind Kind, st *unix.Stat_t, only Aspect) (settled bool, err error) {
	told := *e
	told.Kind, told.Type, told.Only = kind, typeOf(st.Mode), only
	if isKind(st, unix.S_IFREG) && only == "" {
		told.Bytes = st.Size
	}
	told.PathHex = hexOf(e.Path)
	return w.visit(&told)
}

// hexOf are the bytes of a path that JSON can't have, "" for another.
func hexOf(p string) string {
	if utf8.ValidString(p) {
		return ""
	}
	return hex.EncodeToString([]byte(p))
}

// gone is a name that was taken away, or is hidden.
func (w *walk) gone(e *entry) (settled bool, err error) {
	if !e.had() {
		return true, nil
	}
	return w.say(e, Deleted, &e.was, "")
}

// thing is a name that is no folder.
func (w *walk) thing(e *entry) (settled bool, err error) {
	switch {
	case !e.had():
		return w.say(e, Added, &e.st, "")
	case isKind(&e.was, unix.S_IFDIR): // all that was in it goes
		gone, err := w.say(e, Deleted, &e.was, "")
		if err != nil {
			return false, err
		}
		e.was = unix.Stat_t{}
		put, err := w.say(e, Added, &e.st, "")
		return gone && put, err
	case !w.same(e):
		return w.say(e, Changed, &e.st, "")
	}
	return w.attributes(e)
}

// attributes tells of a mode or an owner that was changed, which is settled if none was.
func (w *walk) attributes(e *entry) (settled bool, err error) {
	switch {
	case !isKind(&e.st, unix.S_IFLNK) && e.st.Mode&0o7777 != e.was.Mode&0o7777:
		return w.say(e, Changed, &e.st, ModeOnly)
	case w.gives() && (e.st.Uid != e.was.Uid || e.st.Gid != e.was.Gid):
		return w.say(e, Changed, &e.st, OwnerOnly)
	}
	return true, nil
}

// gives says whether the program could give away what it has changed: as root inside,
// and where both layers are shown to it under the same owners.
func (w *walk) gives() bool { return w.state.User == "root" && w.part.Kind != KindView }

// dir is a folder: one that was there, or has come in place of something else.
func (w *walk) dir(e *entry) (settled bool, err error) {
	switch {
	case !e.had():
		settled, err = w.say(e, Added, &e.st, "")
	case !isKind(&e.was, unix.S_IFDIR):
		settled, err = w.say(e, Changed, &e.st, "")
	default:
		settled, err = w.attributes(e)
	}
	if err != nil || w.enters != nil && !w.enters(e.Path) {
		return false, err
	}
	same, hid, err := w.enter(e)
	if err != nil || !same || !settled {
		return false, err
	}
	if w.settle != nil {
		err = w.settle(e, hid)
	}
	return true, err
}

// enter goes into a folder, which may have been made in what is below just now.
func (w *walk) enter(e *entry) (settled, hid bool, err error) {
	if e.at.depth == mostDepth {
		return false, false, &Error{Op: "compare", Object: e.at.inside, Err: ErrTooDeep, Hint: tooMuchHint}
	}
	upper, err := safepath.OpenFolder(int(e.at.upper.Fd()), e.name, w.rights())
	if err != nil {
		return false, false, &Error{Op: "compare", Object: e.Path, Err: err}
	}
	l := &level{upper: upper, inside: e.Path, depth: e.at.depth + 1, hides: e.at.hides, since: e.at.since, barred: e.at.barred}
	defer l.close()
	if !l.hides && rootfs.IsOpaque(int(upper.Fd())) {
		l.hides = true
		l.since, _ = born(int(upper.Fd()), "")
	}
	if err := w.lower(e, l); err != nil {
		return false, false, err
	}
	settled, err = w.folder(l)
	return settled, l.hides, err
}

// lower opens what is below a folder.
func (w *walk) lower(e *entry, l *level) error {
	if e.at.below == nil {
		return nil
	}
	below, err := e.at.below.Folder(e.name)
	switch {
	case errors.Is(err, safepath.OtherMount):
		l.barred = ErrMounted
	case err == unix.ENOENT || err == unix.ENOTDIR:
	case err != nil && w.bars == nil:
		return &Error{Op: "compare", Object: e.Path, Err: err}
	case err != nil:
		l.barred = err
	case w.bars == nil:
		l.below = below
	default:
		if l.barred = w.bars(below.Top()); l.barred != nil {
			below.Close()
			return nil
		}
		l.below = below
	}
	return nil
}
