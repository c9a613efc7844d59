package cores

import "golang.org/x/sys/unix"

// presence is a descriptor of the folder whose locks say what is leased: byte N
// of it the core whose first CPU is N.
type presence int

// presenceFile is there for all, can be read by all, and is opened sooner than
// what is below it.
const presenceFile = "/sys"

func openPresence() (presence, error) {
	fd, err := unix.Open(presenceFile, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &Error{Op: "open", Object: presenceFile, Err: err, Hint: "leases need sysfs: mount it at /sys"}
	}
	return presence(fd), nil
}

// say has it known that a core is leased, until close.
func (p presence) say(first int) error {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Start: int64(first), Len: 1}
	if err := unix.FcntlFlock(uintptr(p), unix.F_OFD_SETLK, &lock); err != nil {
		return &Error{Op: "lock", Object: presenceFile, Err: err}
	}
	return nil
}

// any asks whether a core is leased by another.
func (p presence) any() bool { return p.locked(0, 0) }

// leased asks it of one core.
func (p presence) leased(first int) bool { return p.locked(int64(first), 1) }

// locked tests for a lock, and takes none: so it keeps nobody from one. A
// descriptor that can only be read is good for a test (fcntl(2), F_OFD_GETLK).
func (p presence) locked(start, length int64) bool {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: start, Len: length}
	return p >= 0 && unix.FcntlFlock(uintptr(p), unix.F_OFD_GETLK, &lock) == nil && lock.Type != unix.F_UNLCK
}

// close gives the locks back now, though a child that is about to execute may
// have the same description open.
func (p presence) close() {
	if p < 0 {
		return
	}
	_ = unix.FcntlFlock(uintptr(p), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK})
	unix.Close(int(p))
}
