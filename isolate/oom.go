package isolate

import (
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/watch"
	"golang.org/x/sys/unix"
)

// watchOOM ends the jail when a task of it has been killed for memory, whichever
// the kernel chose. On v2 memory.oom.group does that; v1 only tells.
func (r *run) watchOOM() {
	if r.machine.groups.Mode == cgroup.ModeV2 || r.policy.Limits.Memory <= 0 {
		return
	}
	ev, err := r.group.OOMEvent()
	if err != nil {
		return // the kill is counted all the same, and told at the end
	}
	r.closers = append(r.closers, func() { unix.Close(ev.FD) })
	look := &oomLook{run: r}
	_ = r.loop.Add(ev.FD, ev.Events, func(uint32) {
		var count [8]byte
		_, _ = unix.Read(ev.FD, count[:])
		if r.gone {
			r.loop.Del(ev.FD)
			return
		}
		look.again()
	})
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
	if n, err := r.group.OOMKills(); err == nil && n > 0 {
		r.end(result.CauseMemory)
		return
	}
	if o.left--; o.left < 0 {
		return
	}
	if o.timer == nil {
		o.timer = r.at(oomEvery, o.look)
	} else {
		o.timer.Reset(time.Now().Add(oomEvery))
	}
}
