package layer

import (
	"archive/tar"
	"errors"
	"io"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// make makes what an entry says. The bytes of a regular file are read; whatever an
// entry of another kind has is skipped, into the skeleton.
func (u *unpacker) make(e item, archive io.Reader) error {
	switch e.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return u.leaveOut(e)
	case tar.TypeDir:
		return u.folder(e)
	}
	in, name, err := u.tree.parent(e.path)
	if err != nil {
		return err
	}
	u.info.Implied = u.tree.made
	switch {
	case e.isWhiteout():
		err = u.whiteout(in, name)
	case e.Typeflag == tar.TypeLink:
		err = u.link(e, in, name)
	case e.Typeflag == tar.TypeSymlink:
		err = u.symlink(e, in, name)
	default:
		err = u.file(e, in, name, archive)
	}
	return duplicate(err)
}

// leaveOut counts a device that is not made.
func (u *unpacker) leaveOut(e item) error {
	if u.options.LeaveOutDevices && strings.HasPrefix(e.path, "dev/") {
		u.info.LeftOut++
		return nil
	}
	fault := ErrDevice
	if e.Typeflag == tar.TypeFifo {
		fault = ErrFIFO
	}
	hint := "make the archive without it"
	if strings.HasPrefix(e.path, "dev/") {
		hint = "leave out the devices below dev/: a jail has a /dev of its own"
	}
	return &Error{Op: unpacking, Object: e.Name, Err: fault, Hint: hint}
}

// folder makes a folder, or takes the one that is there. What the last of its entries
// says of it is set at the end.
func (u *unpacker) folder(e item) error {
	if e.path == "" {
		return nil
	}
	in, name, err := u.tree.parent(e.path)
	if err != nil {
		return err
	}
	u.info.Implied = u.tree.made
	switch err = unix.Mkdirat(in, name, 0o700); err {
	case nil:
		u.info.Entries++
		return nil
	case unix.EEXIST:
		if _, err = u.tree.enter(e.path); errors.Is(err, safepath.SymbolicLink) || errors.Is(err, unix.ENOTDIR) {
			return ErrDuplicate
		}
	}
	return err
}

// whiteout hides what lower layers have by that name, or in that folder: overlayfs.rst,
// "whiteouts and opaque directories". A device 0/0 can be made by anybody: mknod(2).
func (u *unpacker) whiteout(in int, name string) error {
	u.info.Whiteouts++
	if name == opaqueName {
		return unix.Fsetxattr(in, opaqueXattr, []byte("y"), unix.XATTR_CREATE)
	}
	u.info.Entries++
	return unix.Mknodat(in, strings.TrimPrefix(name, whiteoutPrefix), unix.S_IFCHR, 0)
}

// link gives a file of this layer another name.
func (u *unpacker) link(e item, in int, name string) error {
	target, err := u.options.Limits.normal(e.Linkname)
	switch {
	case errors.Is(err, ErrAbsolute), errors.Is(err, ErrClimbs):
		return ErrLinkOutside
	case err != nil || target == "":
		return ErrTarget
	}
	if err := u.linkTo(target, in, name); err != nil {
		return err
	}
	u.info.Entries++
	return nil
}

// linkTo opens the target's folder beside the one that is kept, which in may be.
func (u *unpacker) linkTo(target string, in int, name string) error {
	parent, last := safepath.CutLast(target)
	if parent == "" {
		parent = "."
	}
	from, err := safepath.Beneath(int(u.tree.top.Fd()), parent, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return linkFault(err)
	}
	defer from.Close()
	var st unix.Stat_t
	if err := unix.Fstatat(int(from.Fd()), last, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return linkFault(err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFLNK:
		return unix.Linkat(int(from.Fd()), last, in, name, 0)
	case unix.S_IFCHR:
		return ErrLinkNowhere // it stands for something that is not there
	}
	return ErrLinkToFolder
}

func linkFault(err error) error {
	switch {
	case errors.Is(err, safepath.SymbolicLink), errors.Is(err, unix.ELOOP):
		return ErrThroughLink
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return ErrLinkNowhere
	}
	return err
}

func (u *unpacker) symlink(e item, in int, name string) error {
	if err := unix.Symlinkat(e.Linkname, in, name); err != nil {
		return err
	}
	u.info.Entries++
	return u.tree.dress(e, in, name, -1)
}

// duplicate says of a name that is taken that another entry has it: nothing else has
// made anything in the tree.
func duplicate(err error) error {
	if errors.Is(err, unix.EEXIST) {
		return ErrDuplicate
	}
	return err
}
