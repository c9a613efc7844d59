package safepath

import (
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Beneath opens path in the folder dirfd, and follows nothing that leads
// elsewhere: no link of any kind, no ".." above the folder, no absolute path.
// It is for trees that an untrusted program writes.
//
// Flags are those of open(2). What is opened must be a regular file, or a
// folder where flags have O_DIRECTORY; with O_PATH it may be anything but a
// link. O_TRUNC takes effect after that is known. O_CREAT makes a file with
// mode 0600.
//
// The error is an *Error, with a Refusal or the kernel's errno.
func Beneath(dirfd int, path string, flags int) (*os.File, error) {
	return beneath(dirfd, path, flags, 0)
}

// BeneathMount is Beneath, and enters no mount but the one that the folder is on:
// that is OtherMount. What is mounted elsewhere may be a file system whose server
// never answers. Kernels without openat2 see a mount by its number (5.8), or only
// by its device.
func BeneathMount(dirfd int, path string, flags int) (*os.File, error) {
	return beneath(dirfd, path, flags, unix.RESOLVE_NO_XDEV)
}

func beneath(dirfd int, path string, flags int, resolve uint64) (*os.File, error) {
	fd, err := openBeneath(dirfd, path, flags&^unix.O_TRUNC, resolve)
	if err != nil {
		return nil, fail(below, path, refine(dirfd, path, err))
	}
	if err := settle(fd, flags); err != nil {
		unix.Close(fd)
		return nil, fail(below, path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

func openBeneath(dirfd int, path string, flags int, resolve uint64) (int, error) {
	how := unix.OpenHow{
		Flags:   uint64(flags) | unix.O_CLOEXEC,
		Resolve: resolve | unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	if flags&unix.O_PATH == 0 { // openat2 refuses flags that O_PATH would ignore
		how.Flags |= unix.O_NONBLOCK | unix.O_NOCTTY
	}
	if flags&unix.O_CREAT != 0 {
		how.Mode = 0o600
	}
	for range 16 {
		fd, err := unix.Openat2(dirfd, path, &how)
		switch err {
		case unix.EINTR, unix.EAGAIN: // EAGAIN: a rename elsewhere while ".." was followed: openat2(2)
			continue
		case unix.ENOSYS, unix.EPERM: // EPERM: an outer filter that does not know openat2
			return withoutOpenat2(dirfd, path, &how)
		}
		return fd, err
	}
	return -1, Changed
}

// withoutOpenat2 looks at the mount after the fact.
func withoutOpenat2(dirfd int, path string, how *unix.OpenHow) (int, error) {
	fd, err := stepBeneath(dirfd, path, int(how.Flags), uint32(how.Mode))
	if err != nil || how.Resolve&unix.RESOLVE_NO_XDEV == 0 {
		return fd, err
	}
	if err := sameMount(dirfd, fd); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func sameMount(a, b int) error {
	var st [2]unix.Statx_t
	for i, fd := range [...]int{a, b} {
		if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &st[i]); err != nil {
			return err
		}
	}
	if st[0].Mnt_id != st[1].Mnt_id || st[0].Dev_major != st[1].Dev_major || st[0].Dev_minor != st[1].Dev_minor {
		return OtherMount
	}
	return nil
}

// stepBeneath is openat2 by single names, for kernels without it. It refuses
// any "..": a folder that is renamed meanwhile would make it lead out.
func stepBeneath(dirfd int, path string, flags int, mode uint32) (int, error) {
	if strings.HasPrefix(path, "/") {
		return -1, Outside
	}
	at := dirfd
	for {
		name, rest, more := strings.Cut(path, "/")
		switch {
		case name == "..":
			closeUnless(dirfd, at)
			return -1, Outside
		case strings.Trim(rest, "/") == "":
			fd, err := lastName(at, name, flags, mode, more)
			closeUnless(dirfd, at)
			return fd, err
		case name != "" && name != ".":
			next, err := lastName(at, name, unix.O_PATH|unix.O_CLOEXEC, 0, false)
			closeUnless(dirfd, at)
			if err != nil {
				return -1, err
			}
			at = next
		}
		path = rest
	}
}

// lastName opens name itself. With O_PATH, O_NOFOLLOW would give the link.
func lastName(at int, name string, flags int, mode uint32, folder bool) (int, error) {
	if name == "" {
		return -1, unix.ENOENT
	}
	if folder {
		flags |= unix.O_DIRECTORY
	}
	fd, err := unix.Openat(at, name, flags|unix.O_NOFOLLOW, mode)
	if err != nil || flags&unix.O_PATH == 0 {
		return fd, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
		err = unix.ELOOP
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func closeUnless(keep, fd int) {
	if fd != keep {
		unix.Close(fd)
	}
}

// settle proves that the right kind of thing was opened, before it is changed.
func settle(fd, flags int) error {
	if flags&unix.O_PATH != 0 {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	want := uint32(unix.S_IFREG)
	if flags&unix.O_DIRECTORY != 0 {
		want = unix.S_IFDIR
	}
	if st.Mode&unix.S_IFMT != want {
		return kindOf(&st)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags&unix.O_APPEND); err != nil {
		return err
	}
	if flags&unix.O_TRUNC != 0 {
		return unix.Ftruncate(fd, 0)
	}
	return nil
}

// refine tells a link, a socket or a FIFO by its name where the errno does not.
func refine(dirfd int, path string, err error) error {
	switch err {
	case unix.EXDEV:
		if strings.HasPrefix(path, "/") || slices.Contains(strings.Split(path, "/"), "..") {
			return Outside
		}
		return OtherMount // a path that leads down only
	case unix.EISDIR:
		return Directory
	case unix.ELOOP:
		return SymbolicLink
	case unix.ENXIO:
		fd, e := openBeneath(dirfd, path, unix.O_PATH, 0)
		if e != nil {
			return err
		}
		defer unix.Close(fd)
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil {
			return kindOf(&st)
		}
	}
	return err
}
