package isolate

import (
	"errors"
	"time"
)

// census is the account of a jail without a group, by looks at its processes.
// What each had used when it was last seen is kept: a child that its parent
// never waits for (SIGCHLD ignored, wait(2)) adds to nobody's rusage at its end,
// and its CPU time would be gone with it.
type census struct {
	at    time.Time // of the last look
	alive map[int]process
	order []int // of the living: parents before their children
	lost  []loss
	gone  time.Duration // CPU time of those who have ended, and whom nobody waited for
	cpu   time.Duration // the most that a look has found
	tasks int64         // threads of the last look, init's left out
}

// loss is the CPU time of a process that has ended, for as long as it may yet
// turn up in what an ancestor has waited for.
type loss struct {
	cpu  time.Duration
	from int // its nearest ancestor that lives
	age  int // in looks
}

// lossLooks is after how many looks a loss is one: a look is not of one moment,
// and may have read of the parent before, of the child after the child was
// waited for.
const lossLooks = 2

// fresh is for how long a look is good: the timers of several limits come
// together, and CPU times advance by the tick.
const fresh = tick / 2

var errNoInit = errors.New("/proc does not show pid 1 of the jail")

// take looks at the processes below root, unless that was done just now. An
// error leaves all as it was.
func (c *census) take(root int) error {
	if time.Since(c.at) < fresh {
		return nil
	}
	list, err := descendants(root)
	if err != nil {
		return err
	}
	now, order, err := c.read(list)
	if err != nil {
		return err
	}
	if len(order) == 0 || order[0] != root {
		return errNoInit
	}
	c.settle(root, now)
	c.at, c.alive, c.order = time.Now(), now, order
	c.sum(root)
	return nil
}

func (c *census) sum(root int) {
	total := c.gone
	c.tasks = -c.alive[root].threads
	for _, p := range c.alive {
		total += p.own + p.waited
		c.tasks += p.threads
	}
	c.cpu = max(c.cpu, total)
}

// read reads of all that are listed, and of those who were seen before: while
// one child ends, the list may leave out others (proc_pid_children(5)).
func (c *census) read(list []int) (now map[int]process, order []int, err error) {
	now = make(map[int]process, len(list))
	for i, pids := range [...][]int{list, c.order} {
		for _, pid := range pids {
			if _, ok := now[pid]; ok {
				continue
			}
			p, err := readProcess(pid)
			switch old, known := c.alive[pid]; {
			case isGone(err):
			case err != nil:
				return nil, nil, err
			case i == 0 || known && old.start == p.start: // else its number is somebody else's by now
				now[pid] = p
				order = append(order, pid)
			}
		}
	}
	return now, order, nil
}

// settle finds out what has become of the CPU time of processes that are gone:
// who waits for a child, or its subreaper, is its ancestor, and has its time
// among the waited for.
func (c *census) settle(root int, now map[int]process) {
	gained := c.gains(now)
	for _, pid := range c.order {
		old := c.alive[pid]
		if p, ok := now[pid]; !ok || p.start != old.start {
			c.lost = append(c.lost, loss{cpu: old.own + old.waited, from: old.parent})
		}
	}
	pending := c.lost[:0]
	for _, l := range c.lost {
		c.trace(&l, root, now, gained)
		switch {
		case l.cpu == 0:
		case l.age >= lossLooks:
			c.gone += l.cpu
		default:
			l.age++
			pending = append(pending, l)
		}
	}
	c.lost = pending
}

// gains is what each of the living has waited for since the last look.
func (c *census) gains(now map[int]process) map[int]time.Duration {
	gained := make(map[int]time.Duration)
	for pid, p := range now {
		if old, ok := c.alive[pid]; ok && old.start == p.start && p.waited > old.waited {
			gained[pid] = p.waited - old.waited
		}
	}
	return gained
}

// trace takes from a loss what its ancestors have gained, the nearest first:
// what another loss could take instead, it could take from those above too.
func (c *census) trace(l *loss, root int, now map[int]process, gained map[int]time.Duration) {
	at, anchor := l.from, root
	for {
		n := min(l.cpu, gained[at])
		l.cpu -= n
		gained[at] -= n
		old, known := c.alive[at]
		if p, ok := now[at]; ok && known && p.start == old.start && anchor == root {
			anchor = at
		}
		if at == root || !known {
			break
		}
		at = old.parent
	}
	l.from = anchor
}
