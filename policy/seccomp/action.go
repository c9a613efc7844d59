package seccomp

import "golang.org/x/sys/unix"

// Kind is how a filter answers a call. The zero value is the strictest.
type Kind uint8

// The kinds.
const (
	KindKill   Kind = iota // the jail ends, by the listener's hand if there is one
	KindNotify             // refused with Errno, and the listener hears of it
	KindErrno              // refused with Errno
	KindAllow              // the kernel serves it
)

// Action is a filter's answer to one call. The zero value kills.
type Action struct {
	Kind  Kind
	Errno unix.Errno // of KindErrno and KindNotify
}

// Kill ends the jail.
func Kill() Action { return Action{} }

// Allow lets the kernel serve the call.
func Allow() Action { return Action{Kind: KindAllow} }

// Errno refuses the call with e.
func Errno(e unix.Errno) Action { return Action{KindErrno, e} }

// Notify refuses the call with e and tells the listener. The filter can't carry
// e to it: the listener asks Reference for the errno that it has to answer.
func Notify(e unix.Errno) Action { return Action{KindNotify, e} }

// Options choose the variant of a compiled filter. The zero value is a filter
// that stands alone.
type Options struct {
	// Listener: the filter is installed with SECCOMP_FILTER_FLAG_NEW_LISTENER.
	// Without one, KindNotify is a plain errno and KindKill is the kernel's
	// SECCOMP_RET_KILL_PROCESS.
	Listener bool
}

// Return is the value that a compiled filter gives for the action
// (seccomp(2), SECCOMP_RET_*).
func (a Action) Return(o Options) uint32 {
	switch {
	case a.Kind == KindAllow:
		return unix.SECCOMP_RET_ALLOW
	case a.Kind == KindErrno, a.Kind == KindNotify && !o.Listener:
		return unix.SECCOMP_RET_ERRNO | uint32(a.Errno)
	case o.Listener:
		return unix.SECCOMP_RET_USER_NOTIF
	}
	return unix.SECCOMP_RET_KILL_PROCESS
}

// String is the answer in words, as docs print it.
func (a Action) String() string {
	switch a.Kind {
	case KindAllow:
		return "allow"
	case KindErrno:
		return unix.ErrnoName(a.Errno)
	case KindNotify:
		return unix.ErrnoName(a.Errno) + ", reported"
	}
	return "kill"
}
