// Package confine takes from a supervisor what it needs no more once its jail is
// launched. It is for a process that runs one jail, and ends with it: what is given
// up can't be had again.
package confine

import (
	"runtime"
	"strconv"
	"unsafe"

	"github.com/jailrun/jail/policy/seccomp"
	"golang.org/x/sys/unix"
)

// Error says what could not be given up.
type Error struct {
	Op  string
	Err error
}

func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Self has every thread of this process, and what they start, refused the calls of
// seccomp.SupervisorRules for good. The error is an *Error: the kernel's, or that of
// a thread that has another filter (seccomp(2), SECCOMP_FILTER_FLAG_TSYNC).
func Self() error {
	runtime.LockOSThread() // the right to install is the thread's
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return &Error{"set no_new_privs", err}
	}
	bytes := []byte(seccomp.SupervisorBytes())
	prog := struct {
		length uint16
		filter unsafe.Pointer // of struct sock_fprog
	}{uint16(len(bytes) / 8), unsafe.Pointer(unsafe.SliceData(bytes))}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(bytes)
	switch {
	case errno != 0:
		return &Error{"install the supervisor's filter", errno}
	case thread != 0:
		return &Error{"install the supervisor's filter in thread " + strconv.Itoa(int(thread)), unix.ECANCELED}
	}
	return nil
}
