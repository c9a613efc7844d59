package state

import (
	"context"
	"time"

	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// Conflict is a path that the state has changed, and the new image too: what the
// image now has there is not seen.
type Conflict struct {
	Path  string `json:"path"`
	State Kind   `json:"state"` // what the state has done to it
	Image Kind   `json:"image"` // what the new image has, compared with the old one
}

// Base is an image that a state lies over.
type Base struct {
	ID    string
	Ref   string // as what it was named
	Stack rootfs.Stack
}

// Upgrade moves a state from the image that it was made upon to another. If there is a
// conflict and the options do not say that the state's side is kept, the state stays as
// it was, and the error wraps ErrConflict.
func (s *State) Upgrade(ctx context.Context, from, to Base, o UpgradeOptions) (conflicts int, err error) {
	switch {
	case s.Image == "":
		return 0, &Error{Op: "upgrade", Object: s.Name, Err: ErrNoImage, Hint: "its changes are of the host's system, which is upgraded by itself"}
	case s.Image != from.ID:
		return 0, &Error{Op: "upgrade", Object: s.Name, Err: ErrOtherImage}
	}
	err = s.changesOfImage(ctx, from.Stack, func(e *entry) error {
		kind := became(ctx, from.Stack, to.Stack, e.Path)
		if kind == "" || e.agrees(ctx, kind, to.Stack) {
			return nil
		}
		conflicts++
		if o.Say == nil {
			return nil
		}
		return o.Say(Conflict{e.Path, e.Kind, kind})
	})
	if err != nil {
		return conflicts, err
	}
	if conflicts > 0 && !o.Keep {
		return conflicts, &Error{Op: "upgrade", Object: s.Name, Err: ErrConflict, Hint: "look at them with jail state diff " + s.Name + "; --keep takes the state's side of each"}
	}
	s.Image, s.Ref, s.Used = to.ID, to.Ref, time.Now().UTC()
	if err := s.write(s.dir); err != nil {
		return conflicts, s.fail("upgrade", err)
	}
	return conflicts, nil
}

// UpgradeOptions say what is done about conflicts.
type UpgradeOptions struct {
	Keep bool                 // the state's side of them is kept
	Say  func(Conflict) error // is told of each; its error ends the upgrade
}

// changesOfImage tells each change of what is the image's. What is below a folder of the
// host's that is shown in it is none of it.
func (s *State) changesOfImage(ctx context.Context, image rootfs.Stack, visit func(*entry) error) error {
	w := &walk{visit: func(e *entry) (bool, error) {
		if p := s.partOf(e.Path); p == nil || p.Source != "" {
			return false, nil
		}
		return false, visit(e)
	}}
	for i := range s.Parts {
		if p := &s.Parts[i]; p.Source == "" {
			if err := s.walk(ctx, w, p, image); err != nil {
				return err
			}
		}
	}
	return nil
}

// partOf finds the deepest part that a path inside belongs to.
func (s *State) partOf(p string) (best *Part) {
	for i := range s.Parts {
		if t := s.Parts[i].Target; Selected(p, []string{t}) && (best == nil || len(t) > len(best.Target)) {
			best = &s.Parts[i]
		}
	}
	return best
}

// agrees says whether a state has at a path what the new image has there too, as when
// that was made of the state.
func (e *entry) agrees(ctx context.Context, kind Kind, image rootfs.Stack) bool {
	switch {
	case e.Kind == Deleted || kind == Deleted:
		return e.Kind == kind
	case e.Type == "folder":
		return e.Kind == Added && kind == Added // two folders of one name are one
	}
	st, err := image.Lstat(e.Path)
	switch {
	case err != nil || st.Mode&unix.S_IFMT != e.st.Mode&unix.S_IFMT:
		return false
	case isKind(&e.st, unix.S_IFLNK):
		return e.target() == readlink(image, e.Path)
	case !isKind(&e.st, unix.S_IFREG) || st.Size != e.st.Size || (st.Mode^e.st.Mode)&0o777 != 0:
		return false
	}
	f, err := image.Open(e.Path)
	return err == nil && e.holds(ctx, f, new(pair))
}

// became says how a path of one image differs from that of another, "" if it doesn't.
func became(ctx context.Context, old, new rootfs.Stack, p string) Kind {
	was, wasErr := old.Lstat(p)
	is, isErr := new.Lstat(p)
	switch {
	case wasErr != nil && isErr != nil:
		return ""
	case wasErr != nil:
		return Added
	case isErr != nil:
		return Deleted
	case was.Dev == is.Dev && was.Ino == is.Ino:
		return "" // of a layer that both have
	}
	const shown = unix.S_IFMT | 0o777
	switch {
	case was.Mode&shown != is.Mode&shown:
		return Changed
	case isKind(&is, unix.S_IFDIR):
		return ""
	case isKind(&is, unix.S_IFLNK) && readlink(old, p) == readlink(new, p):
		return ""
	case isKind(&is, unix.S_IFREG) && was.Size == is.Size && sameFile(ctx, old, new, p, is.Size):
		return ""
	}
	return Changed
}

func sameFile(ctx context.Context, old, now rootfs.Stack, p string, size int64) bool {
	a, err := old.Open(p)
	if err != nil {
		return false
	}
	defer a.Close()
	b, err := now.Open(p)
	if err != nil {
		return false
	}
	defer b.Close()
	return new(pair).equal(ctx, a, b, size)
}

func readlink(s rootfs.Stack, p string) string {
	target, err := s.Readlink(p)
	if err != nil {
		return ""
	}
	return target
}
