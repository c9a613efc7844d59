package isolate

import (
	"errors"
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/watch"
	"golang.org/x/sys/unix"
)

// watchOOM ends the jail when a task of it has been killed for memory, whichever
// the kernel chose. On v2 memory.oom.group does that; v1 only tells.
func (r *run) watchOOM() error {
	if r.machine.groups.Mode == cgroup.ModeV2 || r.policy.Limits.Memory <= 0 {
		return nil
	}
	ev, err := r.group.OOMEvent()
	if cgroup.Absent(err) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil // the kernel tells of none; the kill is counted all the same, and told at the end
	}
	if err != nil {
		return &LaunchError{Op: "watch the group's memory", Index: -1, Err: err}
	}
	r.closers = append(r.closers, func() { unix.Close(ev.FD) })
	look := &oomLook{run: r}
	err = r.loop.Add(ev.FD, ev.Events, func(uint32) {
		var count [8]byte
		_, _ = unix.Read(ev.FD, count[:])
		if r.gone {
			r.loop.Del(ev.FD)
			return
		}
		look.again()
	})
	if err != nil {
		return &LaunchError{Op: "watch the group's memory", Index: -1, Err: err}
	}
	return nil
}

// The event comes when memory has run out, a moment before a task is chosen.
const (
	oomLooks = 20
	oomEvery = 2 * time.Millisecond
)

// oomLook looks for the task that was chosen. It is one timer however many
// events there are: a program could make as many as it likes.
type oomLook struct {
	run   *run
	timer *watch.Timer
	left  int
}

func (o *oomLook) again() {
	o.left = oomLooks
	if o.timer == nil || !o.timer.Pending() {
		o.look()
	}
}

func (o *oomLook) look() {
	r := o.run
	if r.gone || r.ev.Killed != "" {
		return
	}
	n, err := r.group.OOMKills()
	switch {
	case cgroup.Absent(err):
	case !r.looked(&r.limits.blind.oom, err):
		o.in(blindEvery)
	case n > 0:
		r.end(result.CauseMemory)
	case o.left > 0:
		o.left--
		o.in(oomEvery)
	}
}

// in looks again after a while.
func (o *oomLook) in(d time.Duration) {
	if o.timer == nil {
		o.timer = o.run.at(d, o.look)
	} else {
		o.timer.Reset(time.Now().Add(d))
	}
}
