package layer

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"maps"
	"strings"

	"github.com/jailrun/jail/internal/safepath"
	"golang.org/x/sys/unix"
)

// check holds one entry to the tree.
func (v *verifier) check(e item, contents io.Reader) {
	switch e.Typeflag {
	case tar.TypeXGlobalHeader, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return // none of them was made: that there is nothing else in the tree is looked at later
	}
	v.know(e.path)
	err := v.compare(e, contents)
	if e.Typeflag == tar.TypeDir { // a folder may come twice, and the last entry holds
		delete(v.amiss, e.path)
		if err != nil {
			v.amiss[e.path] = err
		}
		return
	}
	if err != nil {
		v.problem(e.path, err)
	}
}

// know notes what an entry stands for: its file, and the folders above.
func (v *verifier) know(path string) {
	in, name := safepath.CutLast(path)
	if hidden, is := strings.CutPrefix(name, whiteoutPrefix); is && name != opaqueName {
		path = strings.TrimPrefix(in+"/"+hidden, "/")
	}
	v.known = append(v.known, v.hash(path))
	if in == v.within {
		return
	}
	v.within = in
	for ; in != ""; in, _ = safepath.CutLast(in) {
		v.known = append(v.known, v.hash(in))
	}
}

// compare says how the tree differs from an entry.
func (v *verifier) compare(e item, contents io.Reader) error {
	in, name := safepath.CutLast(e.path)
	if e.path == "" {
		name = "."
	}
	f, err := v.tree.enter(in)
	if err != nil {
		return missing(err)
	}
	fd := int(f.Fd())
	switch {
	case e.isWhiteout():
		return isHidden(fd, name)
	case e.Typeflag == tar.TypeLink:
		return v.sameFile(e, fd, name)
	}
	var st unix.Stat_t
	if err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return missing(err)
	}
	if err := v.status(e, &st); err != nil {
		return err
	}
	if e.Typeflag == tar.TypeSymlink {
		return sameTarget(e, fd, name)
	}
	return sameContents(e, fd, name, contents)
}

// status compares what stat(2) says.
func (v *verifier) status(e item, st *unix.Stat_t) error {
	kind := uint32(unix.S_IFREG)
	switch e.Typeflag {
	case tar.TypeDir:
		kind = unix.S_IFDIR
	case tar.TypeSymlink:
		kind = unix.S_IFLNK
	}
	t := times(e)[0]
	switch {
	case st.Mode&unix.S_IFMT != kind:
		return differs("its type")
	case kind != unix.S_IFLNK && st.Mode&^unix.S_IFMT != v.tree.mode(e):
		return differs("its mode")
	case kind == unix.S_IFREG && st.Size != e.Size:
		return differs("its size")
	case v.tree.owners && (int64(st.Uid) != int64(e.Uid) || int64(st.Gid) != int64(e.Gid)):
		return differs("its owner")
	case st.Mtim != t:
		return differs("its time")
	}
	return nil
}

// differs says in what.
func differs(what string) error {
	return &Error{Op: verifying, Err: ErrDiffers, Hint: what + " was changed"}
}

// isHidden compares a whiteout.
func isHidden(in int, name string) error {
	if name == opaqueName {
		if v, err := attribute(in, opaqueXattr); err != nil || v != "y" {
			return differs("its opacity")
		}
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstatat(in, strings.TrimPrefix(name, whiteoutPrefix), &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return missing(err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != 0 {
		return differs("its type")
	}
	return nil
}

// sameFile compares a hard link with its target: they are one.
func (v *verifier) sameFile(e item, in int, name string) error {
	target := strings.Trim(e.Linkname, "/")
	var a, b unix.Stat_t
	if err := unix.Fstatat(in, name, &a, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return missing(err)
	}
	if err := unix.Fstatat(int(v.tree.top.Fd()), target, &b, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return missing(err)
	}
	if a.Ino != b.Ino || a.Dev != b.Dev {
		return differs("what it links to")
	}
	return nil
}

func sameTarget(e item, in int, name string) error {
	buf := make([]byte, mostTarget+1)
	n, err := unix.Readlinkat(in, name, buf)
	if err != nil {
		return missing(err)
	}
	if string(buf[:n]) != e.Linkname {
		return differs("its target")
	}
	return nil
}

// sameContents compares attributes, and of a sparse file what it holds. What others
// hold is part of the archive's sum.
func sameContents(e item, in int, name string, contents io.Reader) error {
	flags := unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	fd, err := unix.Openat(in, name, flags, 0)
	if err != nil {
		return missing(err)
	}
	defer unix.Close(fd)
	if err := sameAttributes(e, fd); err != nil || e.Typeflag == tar.TypeDir || !e.isSparse() {
		return err
	}
	have, want := make([]byte, mostRun), make([]byte, mostRun)
	for {
		n, err := io.ReadFull(contents, want)
		m, err2 := readFull(fd, have[:n])
		switch {
		case err2 != nil:
			return err2
		case !bytes.Equal(have[:m], want[:n]):
			return differs("what it holds")
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func readFull(fd int, b []byte) (n int, err error) {
	for n < len(b) {
		m, err := read(fd, b[n:])
		if m == 0 || err != nil {
			return n, err
		}
		n += m
	}
	return n, nil
}

// sameAttributes compares those of the users' space; overlayfs's own are looked at
// when the tree is walked.
func sameAttributes(e item, fd int) error {
	have, want := map[string]string{}, map[string]string{}
	for k, v := range e.PAXRecords {
		if name, is := strings.CutPrefix(k, xattrRecord); is && strings.HasPrefix(name, userSpace) {
			want[name] = v
		}
	}
	names, err := attributes(fd)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, userSpace) || e.Typeflag == tar.TypeDir && strings.HasPrefix(name, overlaySpace) {
			continue
		}
		if have[name], err = attribute(fd, name); err != nil {
			return err
		}
	}
	if !maps.Equal(have, want) {
		return differs("its attributes")
	}
	return nil
}

func attribute(fd int, name string) (string, error) {
	buf := make([]byte, 64<<10) // XATTR_SIZE_MAX of limits.h
	n, err := unix.Fgetxattr(fd, name, buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}
