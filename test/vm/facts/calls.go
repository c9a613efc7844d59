package main

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// filter installs a program on the calling thread (seccomp(2)).
func filter(p *unix.SockFprog) (listener int, err error) {
	const flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	return result(unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(p))))
}

// ruleset is struct landlock_ruleset_attr: what is handled, hence refused.
type ruleset struct {
	fs, net, scoped uint64
}

// create makes a ruleset of as many fields as are used, since an older kernel
// refuses those that it does not know (landlock_create_ruleset(2)).
func (r ruleset) create() (fd int, err error) {
	size := uintptr(8)
	if r.net != 0 {
		size = 16
	}
	if r.scoped != 0 {
		size = 24
	}
	return result(unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&r)), size, 0))
}

func restrict(fd int) error {
	_, err := result(unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(fd), 0, 0))
	return err
}

func result(r, _ uintptr, errno unix.Errno) (int, error) {
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}
