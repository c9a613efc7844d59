package why

import (
	"slices"
	"strconv"

	"github.com/jailrun/jail/isolate/result"
)

// wait is what it means that a program was waiting in a call when it was ended for
// time that had passed.
type wait struct {
	when   string // for the docs
	calls  []string
	input  bool // the descriptor is the standard input
	cause  string
	change string
}

// waits are looked through in this order; the first that holds is told.
var waits = [...]wait{
	{"it read its standard input", []string{"read", "readv", "recvfrom", "recvmsg"}, true,
		"It waited for input: its standard input was open, and nothing came.", "Give it its whole input (< FILE), or < /dev/null if it needs none."},
	{"it wrote", []string{"write", "writev", "sendto", "sendmsg"}, false,
		"It waited for a reader of what it writes: a pipe or socket that was full.", "See why its reader does not read on; where that is its standard output, it is whoever reads jail's."},
	{"it read, or waited for a connection", []string{"read", "readv", "recvfrom", "recvmsg", "recvmmsg", "accept", "accept4", "connect"}, false,
		"It waited for the other end of a pipe or a socket: another process of its own, since no network but loopback is there.", "See what is to write there, and whether it runs."},
	{"futex", []string{"futex", "futex_wait", "futex_waitv"}, false,
		"It waited for one of its own threads or processes: a lock that is not given back, or a thread that does not end.", "Look for a deadlock; the other threads are listed."},
	{"it slept", []string{"clock_nanosleep", "nanosleep"}, false,
		"It slept.", "Have it sleep for less."},
	{"it waited for a child", []string{"wait4", "waitid"}, false,
		"It waited for a process that it had started, which did not end.", "Look at that process; the others are listed."},
	{"it waited for a signal", []string{"rt_sigsuspend", "pause", "rt_sigtimedwait"}, false,
		"It waited for a signal, as of a child's end, which did not come.", "Look at the other processes; they are listed."},
	{"poll, select or epoll", []string{"poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2"}, false,
		"It waited for one of several descriptors, or for a timer, as servers and runtimes with an event loop do.", "Give it its whole input (< FILE), or < /dev/null if it needs none; a server runs until it is ended."},
	{"a lock on a file", []string{"flock", "fcntl"}, false,
		"It waited for a lock on a file that another process holds.", "See who holds it; a folder that is shown by --rw may be used by others."},
}

// stopped is told where no call tells more.
var stopped = wait{when: "it was stopped", cause: "It was stopped by a signal (SIGSTOP, or SIGTTIN of a terminal), and nobody let it go on.", change: "Have whoever stops it send SIGCONT."}

// waitOf gives the row for a result, nil if none holds.
func waitOf(r *result.Result) *wait {
	l := result.Telling(r)
	switch {
	case l == nil:
		return nil
	case l.State == result.DoingStopped:
		return &stopped
	case l.Syscall == nil:
		return nil
	}
	for i := range waits {
		w := &waits[i]
		if slices.Contains(w.calls, *l.Syscall) && (!w.input || l.FD != nil && *l.FD == 0) {
			return w
		}
	}
	return nil
}

// forTime says whether a reason is one of time that passed.
func forTime(r result.Reason) bool { return r == result.WallLimit || r == result.Idle }

func waitTold(r *result.Result) bool { return forTime(r.Reason) && waitOf(r) != nil }

// waits tells of what the program waited for.
func (e *Explanation) waits(r *result.Result) {
	if waitTold(r) {
		w := waitOf(r)
		e.Causes = append(e.Causes, w.cause)
		e.Changes = append(e.Changes, Change{Text: w.change})
	}
}

// mostThreads bounds the list of a file that holds more than jail writes.
const mostThreads = 16

// threads says what each thread did that was looked at.
func threads(r *result.Result) []string {
	list := []string{}
	for i := range r.Evidence.LastWords {
		if len(list) == mostThreads {
			break
		}
		l := &r.Evidence.LastWords[i]
		s := plain(l.Comm) + " (pid " + strconv.Itoa(l.InnerPID) + "): " + bounded(l.Did(), mostText)
		if l.Wchan != nil {
			s += ", " + plain(*l.Wchan)
		}
		list = append(list, s)
	}
	if n := value(r.Evidence.LastWordsMore); n > 0 && len(list) > 0 {
		list = append(list, "and "+count(n, "thread", "threads")+" more")
	}
	return list
}
