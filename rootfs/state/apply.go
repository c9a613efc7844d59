package state

import (
	"context"
	"os"
	"path"
	"slices"

	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// Applied is what Apply has done.
type Applied struct {
	Sum
	Folders []string // of the host's, that were looked at
	Left    []Left   // what was not applied, and why; at most mostLeft
	More    int      // how many more
}

// Left is a change that was not applied.
type Left struct {
	Change
	Err error
}

const mostLeft = 100

func (a *Applied) leave(c *Change, err error) {
	if len(a.Left) < mostLeft {
		a.Left = append(a.Left, Left{*c, err})
	} else {
		a.More++
	}
}

// ApplyOptions bound what Apply does.
type ApplyOptions struct {
	Bytes     int64 // that may be written in all, holes of files left out; 0: 64 GiB
	Overwrite bool  // replace and remove too what has come, or was changed, since
}

const mostBytes = 64 << 30

// Apply makes the changes that a state has kept of a folder of the host's in the folder
// itself, all of them or those at and below the paths inside that are named. They were made
// by an untrusted program: what it has left is copied, never executed or followed;
// a link that leads out of the folder is left out, and so is what is mounted in the
// folder, and a store in it. A file is replaced at once, by one of its mode; what is new
// has the modes that everybody's files have. Of what the program has removed that goes
// which was there then, and nothing is replaced that was changed since the program has
// made its copy (ErrNewer), but with Overwrite.
//
// What was applied is no more in the state. What was not is in Left and stays there. The
// error is the context's, or an *Error: ErrTooLarge, ErrTooDeep, ErrTooMany and, where nothing was changed at
// a path that is named, ErrUnchanged come before anything is changed.
func (s *State) Apply(ctx context.Context, named []string, o ApplyOptions) (*Applied, error) {
	a := &applier{state: s, named: named, done: &Applied{}, left: o.Bytes, overwrite: o.Overwrite}
	if a.left <= 0 {
		a.left = mostBytes
	}
	if err := unix.Stat(s.storeDir(), &a.store); err != nil {
		return a.done, s.fail("apply", &os.PathError{Op: "stat", Path: s.storeDir(), Err: err})
	}
	parts := s.folders()
	if len(parts) == 0 {
		return a.done, &Error{Op: "apply", Object: s.Name, Err: ErrNoFolder, Hint: "only what --cow has kept can be applied; jail state commit makes an image of the rest"}
	}
	for _, p := range parts {
		if err := a.measure(ctx, p); err != nil {
			return a.done, err
		}
	}
	if err := a.unchanged(); err != nil {
		return a.done, err
	}
	for _, p := range parts {
		if err := a.apply(ctx, p); err != nil {
			return a.done, err
		}
	}
	return a.done, nil
}

// unchanged is the error of a path that was named for nothing.
func (a *applier) unchanged() error {
	for _, n := range a.named {
		if !slices.Contains(a.leads, path.Clean(n)) {
			return &Error{Op: "apply", Object: n, Err: ErrUnchanged, Hint: "jail state diff " + a.state.Name + " lists what was changed, by its path inside"}
		}
	}
	return nil
}

// folders are the parts that can be applied.
func (s *State) folders() (list []*Part) {
	for i := range s.Parts {
		if p := &s.Parts[i]; p.Kind == KindCOW && p.Source != "" {
			list = append(list, p)
		}
	}
	return list
}

// applier makes changes in the folders of a state.
type applier struct {
	state *State
	store unix.Stat_t // the folder that no change is made in
	named []string
	leads []string // of those, the paths at which there are changes
	done  *Applied
	need  int64 // bytes that were measured
	left  int64 // that may still be written

	overwrite bool
	part      *Part
	root      *os.File // the part's folder
	uid, gid  int      // of what is new in it; -1 to leave what the kernel gives
}

// measure goes through the changes before any is made: it refuses what is too much, and
// learns which of the named paths there are.
func (a *applier) measure(ctx context.Context, p *Part) error {
	w := &walk{enters: a.enters, visit: func(e *entry) (bool, error) {
		if !Selected(e.Path, a.named) {
			return false, nil
		}
		a.leads = append(a.leads, a.meant(e.Path)...)
		if a.need += e.data(ctx); a.need > a.left {
			return false, &Error{Op: "apply", Object: e.Path, Err: ErrTooLarge, Hint: "apply parts of it by their path, or raise the limit"}
		}
		return false, nil
	}}
	return a.state.walk(ctx, w, p, nil)
}

// meant are the named paths that a change is at or below, which were not known to lead
// to one.
func (a *applier) meant(p string) (list []string) {
	for _, n := range a.named {
		if n = path.Clean(n); Selected(p, []string{n}) && !slices.Contains(a.leads, n) {
			list = append(list, n)
		}
	}
	return list
}

func (a *applier) apply(ctx context.Context, p *Part) error {
	dir, err := openSource(p)
	if err != nil {
		return err
	}
	a.part, a.root = p, dir
	a.done.Folders = append(a.done.Folders, p.Source)
	below := rootfs.FolderOf(dir)
	if err := a.owner(); err != nil {
		below.Close()
		return a.state.fail("apply", err)
	}
	w := &walk{enters: a.enters, bars: a.bars, settle: a.settle, visit: func(e *entry) (bool, error) {
		if !a.chosen(e) {
			return false, nil
		}
		return a.change(ctx, e)
	}}
	return a.state.walkOver(ctx, w, p, below)
}

// enters says whether anything in a folder can be meant.
func (a *applier) enters(inside string) bool {
	return Selected(inside, a.named) || leadsTo(inside, a.named)
}

// chosen says whether a change is meant: a folder too that what is meant is in.
func (a *applier) chosen(e *entry) bool {
	return Selected(e.Path, a.named) || e.Kind == Added && e.Type == "folder" && leadsTo(e.Path, a.leads)
}

// owner has new files belong to the folder's owner, where that is for root to say. It
// refuses a folder that is in the store.
func (a *applier) owner() error {
	if err := a.outOfStore(); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(a.root.Fd()), &st); err != nil {
		return &os.PathError{Op: "stat", Path: a.part.Source, Err: err}
	}
	a.uid, a.gid = -1, -1
	if os.Geteuid() == 0 {
		a.uid, a.gid = int(st.Uid), int(st.Gid)
	}
	return nil
}

// change makes one change. It is settled if that could be done, and nothing of it is
// left in the state but what is hidden by it.
func (a *applier) change(ctx context.Context, e *entry) (settled bool, err error) {
	err = a.make(ctx, e)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err == nil {
		a.done.Count(&e.Change)
		return true, a.forget(e)
	}
	a.done.leave(&e.Change, err)
	return false, nil
}

func (a *applier) make(ctx context.Context, e *entry) error {
	switch {
	case e.at.barred != nil:
		return e.at.barred
	case e.at.below == nil:
		return ErrNoParent
	case e.Only == ModeOnly:
		return ErrMode
	case e.Only == OwnerOnly:
		return ErrOwner
	case !a.overwrite && a.isNewer(e):
		return ErrNewer
	case e.Kind == Deleted:
		return a.remove(ctx, e)
	case e.Type == "folder":
		return a.folder(e)
	case e.Type == "file":
		return a.file(ctx, e)
	case e.Type == "link":
		return a.link(e)
	}
	return ErrSpecial
}
