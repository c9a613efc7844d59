package state

import (
	"github.com/jailrun/jail/internal/removal"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// forget takes out of the state what was applied. In a folder that hides what is below,
// it has to stay, since it would be hidden too; a folder stays until all that is in it
// was applied. They are made like what they have become below.
func (a *applier) forget(e *entry) error {
	switch {
	case e.Kind == Deleted && (e.at.hides || !rootfs.IsWhiteout(&e.st)):
		return nil // what hides it is all that there is, and goes with its folder or when it is applied
	case e.at.hides || e.Type == "folder":
		return a.align(e)
	}
	return e.drop(0)
}

// align gives a file or folder of the upper layer the mode and the owner of what was made
// of it, so that it does not differ from that.
func (a *applier) align(e *entry) error {
	made, err := e.at.below.Lstat(e.name)
	if err != nil {
		return nil // it was removed meanwhile
	}
	upper := int(e.at.upper.Fd())
	if a.state.User == "root" && a.uid >= 0 { // whose changes of owners are told
		if err := unix.Fchownat(upper, e.name, int(made.Uid), int(made.Gid), unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return e.unforgotten(err)
		}
	}
	if e.Type == "link" {
		return nil // its mode says nothing
	}
	return e.unforgotten(unix.Fchmodat(upper, e.name, made.Mode&0o777, 0))
}

// settle takes a folder out of the state in which nothing differs: with what it hid, and
// what is as it was. One that holds something stays.
func (a *applier) settle(e *entry, hid bool) error {
	switch {
	case e.at.hides:
		return nil
	case hid:
		return e.dropAll()
	}
	return e.drop(unix.AT_REMOVEDIR)
}

// drop removes a name of the upper layer; a folder that holds something stays.
func (e *entry) drop(flags int) error {
	err := unix.Unlinkat(int(e.at.upper.Fd()), e.name, flags)
	if err == unix.ENOENT || err == unix.ENOTEMPTY {
		return nil
	}
	return e.unforgotten(err)
}

// dropAll removes a folder of the upper layer with all that is in it. Nobody else is at
// work in a state that is held.
func (e *entry) dropAll() error {
	return e.unforgotten(removal.At(int(e.at.upper.Fd()), e.name))
}

func (e *entry) unforgotten(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: "forget", Object: e.Path, Err: err, Hint: "it was applied, and is still in the state"}
}
