package cores

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Request asks for a lease.
type Request struct {
	// Number is how many whole physical cores, at least one.
	Number int
	// Wake, if set, is a descriptor at which Ready is called for as long as it
	// can be read while the lease is waited for.
	Wake  int
	Ready func()
	// OnWait, if set, is called once when the wait has lasted WaitNotice, with the
	// processes that hold what is waited for; 0 is one of another pid namespace.
	OnWait func(holders []int)
}

// WaitNotice is after how long a wait is worth a word.
const WaitNotice = time.Second

// answerTime is how long the other jails may take to leave a core. A supervisor
// that is stopped answers to nobody, and must not stop others.
const answerTime = time.Second

// Lease is a number of cores that no other jail is given until Release.
type Lease struct {
	CPUs   Set           // all CPUs of the cores
	Waited time.Duration // for it
	Shared bool          // a jail without a lease could not be kept off
	names  []int
	guests []int // who wait for its end
	said   presence
}

// ErrTooMany tells that there are fewer cores than were asked for, now or ever.
var ErrTooMany = errors.New("there are not so many")

// Take leases cores, those with the highest numbers first: the first CPU serves
// most of the host's interrupts. It waits while they are leased by others, or are
// the last of a jail without a lease, until the context is done.
func Take(ctx context.Context, q Request) (*Lease, error) {
	usable, err := usableFor(q.Number)
	if err != nil {
		return nil, err
	}
	t := &taker{want: q.Number, usable: usable, wait: newWait(ctx, &q)}
	t.wait.holders = t.holders
	defer t.wait.close()
	if err := t.takeTurn(); err != nil {
		return nil, err
	}
	defer unix.Close(t.turn)
	for {
		l, rivals, err := t.attempt()
		if l != nil || err != nil {
			return l, err
		}
		if err := t.wait.until(rivals); err != nil {
			return nil, err
		}
	}
}

// Would gives the CPUs that a lease would be of if it were taken now. Fewer
// cores than asked for means that it would have to wait.
func Would(number int) (Set, error) {
	var s Set
	usable, err := usableFor(number)
	if err != nil {
		return s, err
	}
	said, err := openPresence()
	if err != nil {
		return s, err
	}
	defer said.close()
	for i := len(usable) - 1; i >= 0 && number > 0; i-- {
		if !said.leased(usable[i].first()) {
			s = s.Plus(usable[i])
			number--
		}
	}
	return s, nil
}

// usableFor lists the whole cores that this process may use.
func usableFor(number int) ([]Set, error) {
	own, err := Own()
	if err != nil {
		return nil, err
	}
	usable := topology{sysCPU}.whole(own)
	if number < 1 || number > len(usable) {
		return nil, &Error{
			Op: "lease", Object: fmt.Sprintf("%d cores", number), Err: ErrTooMany,
			Hint: fmt.Sprintf(`this process may use CPUs %s (sched_getaffinity), which are %d whole physical cores: see "taskset -p $$" and the cpuset around it`, own, len(usable)),
		}
	}
	return usable, nil
}

// taker is one attempt after the other to take a lease.
type taker struct {
	want   int
	usable []Set
	turn   int
	wait   *wait
}

func (t *taker) takeTurn() (err error) {
	for {
		t.turn, err = hold(turnName)
		if !errors.Is(err, unix.EADDRINUSE) {
			return err
		}
		if err := t.wait.until(rivalsOf(turnName)); err != nil {
			return err
		}
	}
}

// rivalsOf gives who holds names that somebody has. One that can't be reached,
// since it is free by now or in too much demand, is without a descriptor.
func rivalsOf(names ...string) []Holder {
	all := make([]Holder, len(names))
	for i, n := range names {
		h, err := reach(n)
		if err != nil {
			h.Fd = -1
		}
		all[i] = h
	}
	return all
}

// holders lists the processes that have leased what could be leased.
func (t *taker) holders() []int {
	var firsts []int
	for _, core := range t.usable {
		firsts = append(firsts, core.first())
	}
	return pidsOf(firsts)
}

// attempt takes the highest cores that are free and that all others can leave.
// Where there are none it gives those whose end would change that.
func (t *taker) attempt() (*Lease, []Holder, error) {
	var rivals []Holder
	for top := len(t.usable) - 1; top >= t.want-1; top-- {
		l, held, err := t.from(top)
		rivals = append(rivals, held...)
		switch {
		case err != nil:
			closeAll(rivals)
			return nil, nil, err
		case l == nil: // fewer are free below
			return nil, rivals, nil
		}
		stays := l.tell()
		if len(stays) == 0 {
			closeAll(rivals)
			l.Waited = t.wait.sofar()
			return l, nil, nil
		}
		rivals = append(rivals, stays...)
		l.Release()
	}
	return nil, rivals, nil
}

// from leases as many cores as are wanted, downwards. No lease and no error:
// there are not so many, and some are held.
func (t *taker) from(top int) (*Lease, []Holder, error) {
	said, err := openPresence()
	if err != nil {
		return nil, nil, err
	}
	l := &Lease{said: said}
	var held []string
	for i := top; i >= 0 && len(l.names) < t.want && err == nil; i-- {
		if err = l.add(t.usable[i]); errors.Is(err, unix.EADDRINUSE) {
			held, err = append(held, coreName(t.usable[i])), nil
		}
	}
	if err != nil || len(l.names) < t.want {
		l.Release()
		l = nil
	}
	return l, rivalsOf(held...), err
}

func (l *Lease) add(core Set) error {
	fd, err := hold(coreName(core))
	if err != nil {
		return err
	}
	l.names = append(l.names, fd)
	l.CPUs = l.CPUs.Plus(core)
	return l.said.say(core.first())
}

// tell asks every jail without a lease to leave the cores, and gives those that
// would have none left.
func (l *Lease) tell() (stays []Holder) {
	names, err := openJails()
	l.Shared = err != nil
	var asked []Holder
	for _, n := range names {
		h, err := reach(n)
		switch {
		case err == nil:
			asked = append(asked, h)
		case !errors.Is(err, unix.ECONNREFUSED): // else it has ended
			l.Shared = true
		}
	}
	stays, left := answers(asked, time.Now().Add(answerTime))
	l.Shared = l.Shared || !left
	for _, h := range asked {
		if !slices.Contains(stays, h) {
			unix.Close(h.Fd)
		}
	}
	return stays
}

// Release gives the cores back. It may be called again, and on nil.
func (l *Lease) Release() {
	if l == nil {
		return
	}
	l.said.close() // first: who is hung up on looks at once
	l.said = -1
	for _, fd := range append(l.names, l.guests...) {
		unix.Close(fd)
	}
	l.names, l.guests = nil, nil
}

func closeAll(list []Holder) {
	for _, h := range list {
		if h.Fd >= 0 {
			unix.Close(h.Fd)
		}
	}
}
