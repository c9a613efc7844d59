package state

import (
	"context"
	"io/fs"
	"strings"
	"time"

	"github.com/jailrun/jail/rootfs"
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
	err = s.Diff(ctx, from.Stack, func(c Change) error {
		p := s.partOf(c.Path)
		if p == nil || p.Source != "" {
			return nil // of a folder of the host's
		}
		kind := became(from.Stack, to.Stack, c.Path)
		if kind == "" || s.agrees(ctx, p, &c, kind, to.Stack) {
			return nil
		}
		conflicts++
		if o.Say == nil {
			return nil
		}
		return o.Say(Conflict{c.Path, c.Kind, kind})
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

// agrees says whether a state has at a path what the new image has there too, as when
// that was made of the state.
func (s *State) agrees(ctx context.Context, p *Part, c *Change, kind Kind, image rootfs.Stack) bool {
	switch {
	case c.Kind == Deleted || kind == Deleted:
		return c.Kind == kind
	case c.Type == "folder":
		return c.Kind == Added && kind == Added // two folders of one name are one
	}
	d := s.differ(ctx, p, image)
	defer d.Close()
	return d.err == nil && d.hasTheSame(strings.TrimPrefix(strings.TrimPrefix(c.Path, p.Target), "/"))
}

// hasTheSame compares a file or a link with what is below it.
func (d *differ) hasTheSame(name string) bool {
	info, err := d.upper.Lstat(name)
	below, had := d.was(name)
	switch {
	case err != nil || !had:
		return false
	case info.Mode().Type() == fs.ModeSymlink:
		target, err := d.upper.Readlink(name)
		return err == nil && below.mode.Type() == fs.ModeSymlink && target == readlink(d.below, name)
	}
	return below.like(info) && d.holdsTheSame(name, info.Size())
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

// became says how a path of one image differs from that of another, "" if it doesn't.
func became(old, new rootfs.Stack, p string) Kind {
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
	a, b := modeOf(was.Mode), modeOf(is.Mode)
	switch {
	case a != b:
		return Changed
	case a.IsDir():
		return ""
	case a.Type() == fs.ModeSymlink && readlink(old, p) == readlink(new, p):
		return ""
	case a.IsRegular() && was.Size == is.Size && sameFile(old, new, p, is.Size):
		return ""
	}
	return Changed
}

func sameFile(old, new rootfs.Stack, p string, size int64) bool {
	a, err := old.Open(p)
	if err != nil {
		return false
	}
	defer a.Close()
	b, err := new.Open(p)
	if err != nil {
		return false
	}
	defer b.Close()
	return equal(a, b, size)
}

func readlink(s rootfs.Stack, p string) string {
	target, err := s.Readlink(p)
	if err != nil {
		return ""
	}
	return target
}
