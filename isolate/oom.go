package isolate

import (
	"time"

	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/result"
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
	_ = r.loop.Add(ev.FD, ev.Events, func(uint32) {
		var count [8]byte
		_, _ = unix.Read(ev.FD, count[:])
		if r.gone {
			r.loop.Del(ev.FD)
			return
		}
		r.lookForOOM(oomLooks)
	})
}

// The event comes when memory has run out, a moment before a task is chosen.
const (
	oomLooks = 20
	oomLook  = 2 * time.Millisecond
)

func (r *run) lookForOOM(looks int) {
	if r.gone || r.ev.Killed != "" {
		return
	}
	if n, err := r.group.OOMKills(); err == nil && n > 0 {
		r.end(result.CauseMemory)
		return
	}
	if looks > 0 {
		r.at(oomLook, func() { r.lookForOOM(looks - 1) })
	}
}
