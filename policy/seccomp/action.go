package seccomp

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// Kind is how a filter answers a call. The zero value is the strictest.
type Kind uint8

// The kinds.
const (
	KindKill   Kind = iota // the jail ends, by the listener's hand if there is one
	KindNotify             // refused with Errno, and the listener hears of it
	KindErrno              // refused with Errno
	KindIgnore             // told that it succeeded, and nothing is done
	KindBudget             // allowed by the listener up to Most at once, then refused with Errno
	KindWatch              // the listener hears of it, and refuses it with Errno, or lets it go on if that is 0
	KindAllow              // the kernel serves it
)

// Action is a filter's answer to one call. The zero value kills.
type Action struct {
	Kind  Kind
	Errno unix.Errno // of KindErrno, KindNotify, KindBudget and KindWatch
	Most  uint16     // of KindBudget: how many of what the call makes a jail may have
	Alone unix.Errno // of KindBudget and KindWatch: the refusal where there is no listener; 0, of a KindWatch: none
}

// Kill ends the jail.
func Kill() Action { return Action{} }

// Allow lets the kernel serve the call.
func Allow() Action { return Action{Kind: KindAllow} }

// Errno refuses the call with e.
func Errno(e unix.Errno) Action { return Action{Kind: KindErrno, Errno: e} }

// Notify refuses the call with e and tells the listener. The filter can't carry
// e to it: the listener asks Reference for the errno that it has to answer.
func Notify(e unix.Errno) Action { return Action{Kind: KindNotify, Errno: e} }

// Ignore tells the program that its call succeeded.
func Ignore() Action { return Action{Kind: KindIgnore} }

// Budget has the listener let a call pass while the jail has fewer than most of
// what it makes, and refuse it with spent from then on. It is for calls that are
// judged by numbers only: what a pointer leads to could be changed after it was
// let pass (seccomp_unotify(2)).
func Budget(most uint16, spent, alone unix.Errno) Action {
	return Action{Kind: KindBudget, Errno: spent, Most: most, Alone: alone}
}

// Options choose the variant of a compiled filter. The zero value is a filter
// that stands alone.
type Options struct {
	// Listener: the filter is installed with SECCOMP_FILTER_FLAG_NEW_LISTENER.
	// Without one, KindNotify and KindBudget are plain errnos and KindKill is
	// the kernel's SECCOMP_RET_KILL_PROCESS.
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
	case a.Kind == KindIgnore:
		return unix.SECCOMP_RET_ERRNO // of 0: the call returns 0
	case a.Kind == KindWatch && !o.Listener && a.Alone == 0:
		return unix.SECCOMP_RET_ALLOW
	case (a.Kind == KindBudget || a.Kind == KindWatch) && !o.Listener:
		return unix.SECCOMP_RET_ERRNO | uint32(a.Alone)
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
	case KindIgnore:
		return "nothing, told as done"
	case KindWatch:
		if a.Errno == 0 {
			return "allow, reported"
		}
		return unix.ErrnoName(a.Errno) + ", reported"
	case KindBudget:
		return "allow " + strconv.Itoa(int(a.Most)) + " at once, then " + unix.ErrnoName(a.Errno) + ", reported"
	}
	return "kill"
}
