package safepath

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A Folder is one that its owner has the rights on until it is closed that it was opened
// with.
type Folder struct {
	*os.File
	mode, raised uint32 // it had, and has for as long as it is open
	lower        bool   // its owner had fewer rights on it
}

// OpenFolder opens a name as a folder of the caller's own tree, in which a program was at
// work: also one that it has closed to its owner, as by mkdir with mode 0. The
// owner's rights are 0500 to look into it, 0700 to change it too. It follows no link. The folder has its own mode again once it is closed. The error is the kernel's
// errno.
func OpenFolder(dirfd int, name string, rights uint32) (*Folder, error) {
	const flags = unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	place, err := unix.Openat(dirfd, name, unix.O_PATH|flags, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(place)
	var st unix.Stat_t
	if err := unix.Fstat(place, &st); err != nil {
		return nil, err
	}
	f := &Folder{mode: st.Mode & 0o7777}
	f.raised = f.mode | rights
	f.lower = f.mode&rights != rights
	own := "/proc/self/fd/" + strconv.Itoa(place)
	if f.lower {
		if err := unix.Chmod(own, f.raised); err != nil {
			return nil, err
		}
	}
	fd, err := unix.Open(own, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		_ = unix.Chmod(own, f.mode) // it is as it was
		return nil, err
	}
	f.File = os.NewFile(uintptr(fd), name)
	return f, nil
}

// Close gives the folder back as it was, unless its mode was changed meanwhile.
func (f *Folder) Close() error {
	var st unix.Stat_t
	if f.lower && unix.Fstat(int(f.Fd()), &st) == nil && st.Mode&0o7777 == f.raised {
		_ = unix.Fchmod(int(f.Fd()), f.mode) // it may be gone
	}
	return f.File.Close()
}
