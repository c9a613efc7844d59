package isolate

import (
	"bytes"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/result"
	"golang.org/x/sys/unix"
)

// The bounds of a look at a jail that is about to be killed: it has as many
// threads as it likes, and each that is looked at delays its end by some 30 µs.
const (
	mostLastWords = 16
	lastWordsTime = 2 * time.Millisecond
	lastWordsWait = 10 * time.Millisecond // where the kernel holds the look itself up
)

// tellsLastWords says whether a kill is for a limit or a call, and finds the
// program as it was: a caller who cancels knows why, and where a group is out of
// memory the kernel has killed by then.
func (r *run) tellsLastWords(c result.Cause) bool {
	switch c {
	case result.CauseOutput, result.CauseCPU, result.CauseWall, result.CauseIdle, result.CausePids, result.CauseDisk,
		result.CauseSyscall, result.CauseSuspicious:
		return r.ev.Started
	case result.CauseMemory:
		return r.ev.Started && r.group == nil
	}
	return false
}

// noteLastWords looks at what the threads of the jail are doing, before anything
// of it is killed. No path that a link names is opened or looked at, and no memory
// of the program's is read. What is left that could wait for the program is a lock
// of the kernel's: proc_pid_syscall takes exec_update_lock, which an execve holds
// while it closes files, on a dead file server for ever. So a goroutine looks, and
// is not waited for any longer than that would be noticed.
func (r *run) noteLastWords(c result.Cause) {
	if !r.tellsLastWords(c) {
		return
	}
	w := newWitness(r.initPID)
	r.witness = w
	go w.look(r.seen.pid, r.initPID)
	list, more := w.gather()
	r.ev.LastWords, r.ev.LastWordsMore = list, &more
	if c == result.CauseSyscall {
		r.renameForeign()
	}
}

// joinWitness waits for the one that looked, which nothing holds up any more when
// the jail is dead.
func (r *run) joinWitness() {
	if r.witness == nil {
		return
	}
	select {
	case <-r.witness.done:
	case <-time.After(joinGrace):
	}
}

// renameForeign mends the name of the call of a foreign architecture: its number
// is another call's here.
func (r *run) renameForeign() {
	for i := range r.ev.LastWords {
		if l := &r.ev.LastWords[i]; r.ev.Call != nil && l.TID == r.ev.Call.PID && l.Syscall != nil {
			l.Syscall, l.FD, l.Target = &r.ev.Call.Name, nil, nil
		}
	}
}

// witness reads /proc of the processes of one jail. Numbers of processes that end
// are given again, so each is held by a descriptor of its directory, which is of
// that process for ever, and counts as the jail's only if its parent does.
type witness struct {
	until time.Time
	said  chan result.LastWord // with room for all
	more  atomic.Int64
	done  chan struct{}

	// The rest belongs to look's goroutine.
	below  map[int]bool // processes that are known to be the jail's
	queue  []int
	listed int
	buf    [4096]byte
}

// newWitness makes one for the processes below root, whose time begins now.
func newWitness(root int) *witness {
	return &witness{
		until: time.Now().Add(lastWordsTime), below: map[int]bool{root: true},
		said: make(chan result.LastWord, mostLastWords), done: make(chan struct{}),
	}
}

// gather takes what is told until look is done, or its time is over.
func (w *witness) gather() (list []result.LastWord, more int64) {
	late := time.NewTimer(lastWordsWait)
	defer late.Stop()
	select {
	case <-w.done:
	case <-late.C:
	}
	list = []result.LastWord{}
	for {
		select {
		case l := <-w.said:
			list = append(list, l)
		default:
			return list, w.more.Load()
		}
	}
}

// look begins with the program's own process, and goes on with what else is a
// child of init's, and with the children of all of them.
func (w *witness) look(target, init int) {
	defer close(w.done)
	at := "/proc/" + strconv.Itoa(init) + "/task/" + strconv.Itoa(init)
	w.queue = append(w.queue, target)
	w.children(unix.AT_FDCWD, at+"/children")
	for i := 0; i < len(w.queue); i++ {
		switch pid := w.queue[i]; {
		case w.below[pid]: // it was first in the queue, and is init's child too
		case i > 0 && w.spent(): // a supervisor that was kept from running tells of one all the same
			w.more.Add(1)
		default:
			w.process(pid)
		}
	}
}

// spent says that there is no room or no time for more.
func (w *witness) spent() bool { return w.listed >= mostLastWords || time.Now().After(w.until) }

// process looks at the threads of one process, the first of them first.
func (w *witness) process(pid int) {
	dir, err := openDir(unix.AT_FDCWD, "/proc/"+strconv.Itoa(pid))
	if err != nil {
		return
	}
	defer unix.Close(dir)
	p, ok := parseStat(w.read(dir, "stat"))
	if !ok || !w.below[p.parent] {
		return // it has ended, and its number is somebody else's
	}
	w.below[pid] = true
	inner := w.innerPID(dir)
	before := w.listed
	w.thread(dir, pid, pid, inner)
	for _, tid := range w.tasks(dir) {
		if w.spent() {
			break
		}
		if tid != pid {
			w.thread(dir, pid, tid, inner)
		}
	}
	w.more.Add(max(p.threads-int64(w.listed-before), 0))
}

// thread notes what one thread does.
func (w *witness) thread(process, pid, tid, inner int) {
	dir, err := openDir(process, "task/"+strconv.Itoa(tid))
	if err != nil {
		return // it has ended
	}
	defer unix.Close(dir)
	s, ok := parseStat(w.read(dir, "stat"))
	if !ok {
		return
	}
	l := result.LastWord{PID: pid, InnerPID: inner, TID: tid, Comm: ascii(s.comm, mostComm), State: doing(s.state)}
	if l.State != result.DoingRun && l.State != result.DoingEnded {
		w.waitOf(&l, dir)
	}
	w.said <- l
	w.listed++
	w.children(dir, "children")
}

// waitOf notes what a thread waits in.
func (w *witness) waitOf(l *result.LastWord, dir int) {
	text, err := w.file(dir, "syscall")
	switch c := parseSyscall(text); {
	case err != nil:
		l.Syscall = absent(err)
	case c.runs: // by now
		l.State = result.DoingRun
		return
	case c.name != "":
		l.Syscall = &c.name
		if c.hasFD {
			l.FD, l.Target = &c.fd, linkOf(dir, c.fd)
		}
	}
	l.Wchan = w.wchan(dir)
}

// wchan reads the kernel's function. It is "0" for who does not wait, and for
// whom we may not know.
func (w *witness) wchan(dir int) *string {
	text, err := w.file(dir, "wchan")
	switch {
	case err != nil:
		return absent(err)
	case len(text) == 0 || string(text) == "0":
		return result.Absent(0)
	}
	return new(ascii(text, mostWchan))
}

// absent names why the kernel does not show something.
func absent(err error) *string {
	errno, _ := err.(unix.Errno)
	return result.Absent(result.Errno(errno))
}

// innerPID reads the number that a process has in its own pid namespace, the last
// of those in all.
func (w *witness) innerPID(dir int) int {
	text, _ := host.StatusField(w.read(dir, "status"), "NSpid")
	n, _ := strconv.Atoi(text[strings.LastIndexByte(text, '\t')+1:])
	return n
}

// children adds children of a thread's to the queue. What does not fit the buffer
// is left out, and init's children are not many more than one.
func (w *witness) children(dir int, name string) {
	for f := range bytes.FieldsSeq(w.read(dir, name)) {
		if pid, err := strconv.Atoi(string(f)); err == nil && len(w.queue) < mostQueue {
			w.queue = append(w.queue, pid)
		}
	}
}

// mostQueue bounds the processes that are counted.
const mostQueue = 1024

// tasks lists threads of a process, a few more than may be told of.
func (w *witness) tasks(dir int) (list []int) {
	fd, err := unix.Openat(dir, "task", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	n, err := unix.Getdents(fd, w.buf[:1024])
	if err != nil {
		return nil
	}
	_, _, names := unix.ParseDirent(w.buf[:n], mostLastWords+1, nil)
	for _, name := range names {
		if tid, err := strconv.Atoi(name); err == nil {
			list = append(list, tid)
		}
	}
	return list
}

// read is file, and nothing where that fails.
func (w *witness) read(dir int, name string) []byte {
	b, _ := w.file(dir, name)
	return b
}

// file reads the beginning of a file of /proc. What it gives holds until the next
// call.
func (w *witness) file(dir int, name string) ([]byte, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	for {
		n, err := unix.Read(fd, w.buf[:])
		if err != unix.EINTR {
			return w.buf[:max(n, 0)], err
		}
	}
}

func openDir(at int, name string) (int, error) {
	return unix.Openat(at, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}
