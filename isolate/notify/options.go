package notify

import (
	"time"

	"golang.org/x/sys/unix"
)

// Call is one notified system call. The arguments are those at the time of the
// call; what a pointer among them points to may have changed since.
type Call struct {
	ID      uint64 // of the notification
	PID     int    // of the thread, in our pid namespace; 0: it has none there
	Arch    uint32 // AUDIT_ARCH_*
	NR      int32
	Args    [6]uint64
	IP      uint64
	Syscall string // name, or "i386:11", "x32:59" for a foreign one
	Foreign bool
}

// Watched is what becomes of a call that is watched.
type Watched struct {
	Errno  unix.Errno // that it gets; 0: it goes on, and the kernel decides
	Denial *Refusal   // what is to be recorded of it; nil: nothing
}

// Refusal is what a watched call is refused, or will be.
type Refusal struct {
	Layer  string
	Errno  unix.Errno
	Object string // nothing: as for a suspicious call
	Rule   string
	Fix    string
}

// Options are the listener's choices. Only Loop is needed.
type Options struct {
	Loop Loop

	// Answer gives the error, the rule and the mend for a native call. Nil, or
	// an errno of zero: EPERM.
	Answer func(nr int32, args [6]uint64) (errno unix.Errno, rule, fix string)
	// Budget gives how many netlink sockets, for listen(2) TCP listeners, or for
	// seccomp(2) and prctl(2) filters, the jail may have for the call to be let go
	// on; 0 for any other call. It must be 0 for a call that is judged by what a
	// pointer leads to. A call beyond the budget, or one whose jail's sockets can't
	// be counted, is refused as Answer says, and OnSuspicious is not told. Nil: no
	// call goes on.
	Budget func(nr int32, args [6]uint64) (most int)
	// Name gives a native call's name. Nil: numbers.
	Name func(nr int32) string
	// OnForeign is called for a call of a foreign architecture, x32 among them,
	// which is then never answered: the owner kills the jail. Nil: ENOSYS.
	OnForeign func(Call)
	// OnSuspicious is called for any other call, where the policy is to kill
	// for it; it is then never answered. Nil: the errno of Answer.
	OnSuspicious func(Call)
	// KillAfter is at which of these calls OnSuspicious is called; those before it
	// get the errno of Answer. 0 is the first.
	KillAfter int64
	// Redact takes secrets out of a text of the caller's before it is cut. Nil: none.
	Redact func(string) string
	// Watch judges a call that is no suspicious one and of which the filter tells
	// nevertheless. ok is false for any other. Nil: there are none.
	Watch func(c *Call, m *Memory) (w Watched, ok bool)
	// OnDenial is called for the first call of each row, the row of the rest
	// included. Nil: nobody is told.
	OnDenial func(Denial)
	// OnHangup is called once: with nil when no task with the filter is left, or
	// with what has ended the listener before.
	OnHangup func(error)

	// AllowMemory has the caller's memory, where paths are, read on the loop's
	// own goroutine. A page that only userfaultfd(2) or a FUSE server fills would
	// hold the loop for as long as that takes: allow it where the filter refuses
	// the one and the view has none of the other. Without it a read takes another
	// goroutine, and is given up after 0.1 s. What is read is for people, never to
	// decide by.
	AllowMemory bool
	// Rate is how many calls are answered in a second; later ones wait in the
	// kernel. Default 3000.
	Rate int
	// Rows bounds the distinct denials; further ones are counted in one row.
	// Default 64.
	Rows int
}

// Loop is what a listener needs of its event loop; *watch.Loop has it. Its
// methods and callbacks run on one goroutine, which is the listener's too.
type Loop interface {
	// Add has h called with epoll's event bits for as long as any of events
	// holds for fd.
	Add(fd int, events uint32, h func(events uint32)) error
	// Del forgets fd.
	Del(fd int)
	// Later has f called once, when d has passed.
	Later(d time.Duration, f func())
}

// The defaults of Options.
const (
	DefaultRate = 3000
	DefaultRows = 64
)
