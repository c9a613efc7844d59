package isolate

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/jailrun/jail/isolate/host"
	"golang.org/x/sys/unix"
)

// idDir holds the lock file of host ids. Only root can enter it, so nobody
// else can take or hold a lock.
const (
	idDir  = "/run/jail"
	idFile = idDir + "/ids"
)

// ids are the two host ids of one run, the target's and then init's. RLIMIT
// counts, keyrings and signals are per id, so no two runs share one.
//
// The lock lies on an open file description that init inherits, and so lasts
// until the last process of the jail is gone, even if the supervisor is killed.
type ids struct {
	target, init int
	base, count  int // the range of which target is one, mapped to all from 0 on inside; count 1: target alone
	lock         int // its descriptor
}

func (i *ids) close() {
	if i != nil && i.lock >= 0 {
		unix.Close(i.lock)
		i.lock = -1
	}
}

// idCursor spreads the search, so that concurrent runs don't try the same ids.
var idCursor atomic.Uint64

// takeIDs locks a pair of ids that no process has.
func takeIDs(f *host.Facts) (*ids, error) {
	lock, err := openIDFile()
	if err != nil {
		return nil, err
	}
	n := uint64(f.IDCount / 2)
	start := uint64(os.Getpid())*31 + idCursor.Add(1)
	for k := range n {
		i := (start + k) % n
		free, err := lockPair(lock, int64(i))
		if err != nil {
			unix.Close(lock)
			return nil, err
		}
		id := f.IDBase + int(i)*2
		if free && idle(id) && idle(id+1) {
			return &ids{target: id, init: id + 1, base: id, count: 1, lock: lock}, nil
		}
	}
	unix.Close(lock)
	return nil, &LaunchError{Op: "take ids for the run", Index: -1, Err: errNoIDs, Hint: `every id of the range is in use: run "jail gc"`}
}

// takeRange has the program's ids be a range of its own, of which it runs by one. Locks
// of ranges follow those of pairs in the file.
func (i *ids) takeRange(f *host.Facts, program int) error {
	start := uint64(os.Getpid())*31 + idCursor.Add(1)
	for k := range uint64(f.Ranges) {
		n := (start + k) % uint64(f.Ranges)
		free, err := lockPair(i.lock, rangeLocks+int64(n))
		if err != nil {
			return err
		}
		if id := host.RangeBase + int(n)*host.RangeSize; free && idle(id) && idle(id+program) {
			i.target, i.base, i.count = id+program, id, host.RangeSize
			return nil
		}
	}
	return &LaunchError{Op: "take ids for the run", Index: -1, Err: errNoIDs, Hint: `every range is in use: run "jail gc"`}
}

// rangeLocks is where the locks of ranges begin.
const rangeLocks = 1 << 32

var errNoIDs = errors.New("no free pair of ids")

// openIDFile does without an os.File, which would start the runtime's poller
// for a file that can't be polled.
func openIDFile() (int, error) {
	fd, err := openIDs()
	if err == unix.ENOENT {
		if err = unix.Mkdir(idDir, 0o700); err == nil || err == unix.EEXIST {
			fd, err = openIDs()
		}
	}
	if err != nil {
		err = &os.PathError{Op: "open", Path: idFile, Err: err}
		return -1, &LaunchError{Op: "take ids for the run", Index: -1, Err: err, Hint: "/run must be writable for root"}
	}
	return fd, nil
}

func openIDs() (fd int, err error) {
	for {
		fd, err = unix.Open(idFile, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// lockPair locks one byte with an open file description lock, fcntl(2).
func lockPair(fd int, i int64) (bool, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: i, Len: 1}
	err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &l)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", idFile, err)
	}
	return true, nil
}

// idle says whether no process has the id: getpriority(2) answers ESRCH.
func idle(id int) bool {
	_, err := unix.Getpriority(unix.PRIO_USER, id)
	return errors.Is(err, unix.ESRCH)
}
