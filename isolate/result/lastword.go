package result

import (
	"strconv"
	"strings"
)

// LastWord is what one thread of the jail was doing just before the jail was
// ended, as /proc showed it. What the program chose in it (comm, target) is
// printable ASCII, escaped as in a Go string, and short. Where the kernel refuses
// to show something, it is "absent: " and the errno.
type LastWord struct {
	PID      int     `json:"pid"`       // its process id, as the host counts
	InnerPID int     `json:"inner_pid"` // the same as the jail counts; 0 when it can't be known
	TID      int     `json:"tid"`       // its thread id, as the host counts: that of the process for its first thread
	Comm     string  `json:"comm"`      // its name, which it may have chosen
	State    Doing   `json:"state"`     // what it did, in one word
	Syscall  *string `json:"syscall"`   // the call that it waited in; null when it waited in none, or ran
	FD       *int    `json:"fd"`        // the descriptor that the call is about, its first argument; null for other calls
	Target   *string `json:"target"`    // what that leads to, as "pipe:[123]" or "/box/in.txt"; null together with fd
	Wchan    *string `json:"wchan"`     // the kernel's function that it waited in; null when it ran
}

// Doing is the state of a thread: proc_pid_stat(5).
type Doing string

// The states of threads.
const (
	DoingRun     Doing = "running" // it ran, in its own code or the kernel's, or was ready to
	DoingWait    Doing = "waiting" // it waited, and a signal could have ended that
	DoingDisk    Doing = "disk"    // it waited for a disk or a like thing, and no signal could have ended that
	DoingStopped Doing = "stopped" // it was stopped by a signal, or by its tracer
	DoingEnded   Doing = "ended"   // it had ended, and its process or its parent had not taken notice
	DoingUnknown Doing = "other"   // anything else
)

const (
	absentPrefix = "absent: "      // before the errno of what the kernel refuses to show
	noneShown    = "nothing there" // for what is empty where there should be something
)

// Absent is the text for what the kernel refuses to show.
func Absent(e Errno) *string {
	if e == 0 {
		return new(absentPrefix + noneShown)
	}
	return new(absentPrefix + e.String())
}

// LastWords returns one line for a person: what a program that was ended for a
// limit was doing then; "" when nobody has looked, or nothing was seen. It has no
// newline. Of one that was ended for a call the sentence says what it did.
func LastWords(r *Result) string {
	list := r.Evidence.LastWords
	if len(list) == 0 || r.Reason == Syscall {
		return ""
	}
	l := teller(r)
	s := "jail: " + subject(r, l) + " was " + l.did()
	if child := waitedFor(list, l); child != nil {
		s += "; " + subject(r, child) + " was " + child.did()
	}
	return cutTo(oneLine(s+others(r)), mostLastWords)
}

// Telling is the thread that the line is about in the end: the one to look at. It
// is nil where there is no line.
func Telling(r *Result) *LastWord {
	if LastWords(r) == "" {
		return nil
	}
	l := teller(r)
	if child := waitedFor(r.Evidence.LastWords, l); child != nil {
		return child
	}
	return l
}

// mostLastWords bounds the line: a name and a target, twice.
const mostLastWords = 300

// teller is the thread that tells most: the program's first, or where it is CPU
// time that was used up, the first that ran.
func teller(r *Result) *LastWord {
	list := r.Evidence.LastWords
	if r.Reason == CPULimit {
		for i := range list {
			if list[i].State == DoingRun {
				return &list[i]
			}
		}
	}
	for i := range list {
		if list[i].State != DoingEnded {
			return &list[i]
		}
	}
	return &list[0]
}

// subject names a thread from where the reader stands, who knows the program.
func subject(r *Result, l *LastWord) string {
	first := &r.Evidence.LastWords[0]
	switch {
	case l.PID == first.PID && l.TID == l.PID:
		return "it"
	case l.PID == first.PID:
		return "its thread " + l.Comm
	}
	return "its process " + l.Comm + " (pid " + strconv.Itoa(l.InnerPID) + ")"
}

// Did says what a thread did, in the words behind "was", for a person.
func (l *LastWord) Did() string { return cutTo(oneLine(l.did()), mostLastWords) }

func (l *LastWord) did() string {
	switch l.State {
	case DoingRun:
		return "running"
	case DoingStopped:
		return "stopped by a signal"
	case DoingEnded:
		return "dead, and nobody had waited for it"
	}
	if l.Syscall == nil {
		return "waiting in no system call, as for a page of memory"
	}
	if why, absent := strings.CutPrefix(*l.Syscall, absentPrefix); absent {
		return "waiting (in which call can't be seen: " + why + ")"
	}
	s := "waiting in " + *l.Syscall
	if l.FD != nil {
		s += " of fd " + strconv.Itoa(*l.FD) + shortTarget(l.Target)
	}
	return s
}

// shortTarget leaves away what tells a person nothing: the number of a pipe.
func shortTarget(target *string) string {
	if target == nil {
		return ""
	}
	kind, _, numbered := strings.Cut(*target, ":[")
	if name, anonymous := strings.CutPrefix(*target, "anon_inode:"); anonymous {
		kind, numbered = strings.Trim(name, "[]"), true
	}
	if !numbered {
		kind = *target
	}
	return " (" + kind + ")"
}

// waitedFor is the process to look at, where the first only waits for its
// children: one that waits neither for children of its own nor for the other end
// of a pipe, or else the first that is not waiting so too.
func waitedFor(list []LastWord, l *LastWord) (best *LastWord) {
	if !l.waitsForChildren() {
		return nil
	}
	for i := range list {
		o := &list[i]
		switch {
		case o.PID == l.PID, o.State == DoingEnded, o.waitsForChildren():
		case !o.waitsForPipe():
			return o
		case best == nil:
			best = o
		}
	}
	return best
}

// waitsForChildren: a shell's "wait" is the third, until the signal of one's end.
func (l *LastWord) waitsForChildren() bool {
	return l.Syscall != nil && (*l.Syscall == "wait4" || *l.Syscall == "waitid" || *l.Syscall == "rt_sigsuspend")
}

func (l *LastWord) waitsForPipe() bool {
	return l.Target != nil && strings.HasPrefix(*l.Target, "pipe:")
}

// others counts the threads that the line says nothing of.
func others(r *Result) string {
	n := int64(len(r.Evidence.LastWords)) - 1 + value(r.Evidence.LastWordsMore)
	if waitedFor(r.Evidence.LastWords, teller(r)) != nil {
		n--
	}
	switch {
	case n <= 0:
		return ""
	case n == 1:
		return ", 1 other thread"
	}
	return ", " + count(n) + " other threads"
}

// cutTo shortens a text of others'.
func cutTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
