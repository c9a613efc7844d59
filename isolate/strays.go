package isolate

import (
	"strconv"
	"time"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// endStrays kills what outlives the target, until init has gone.
func (r *run) endStrays() {
	if r.facts.Has(policy.LayerPidNS) {
		return
	}
	r.killStrays()
	r.every(strayLook, func() bool {
		r.killStrays()
		return !r.gone
	})
}

// strayLook is how often new strays are looked for: a process may fork while
// its parent is being killed.
const strayLook = 10 * time.Millisecond

// killStrays ends what outlives the target where there is no pid namespace to
// end with it: init adopts orphans, so they are all below it.
func (r *run) killStrays() {
	if r.facts.Has(policy.LayerPidNS) || r.initPID == 0 || r.gone {
		return
	}
	list, _ := descendants(r.initPID) // those that could not be listed now are there at the next look
	for _, pid := range list[1:] {
		r.signalBelow(pid, unix.SIGKILL)
	}
}

// signalBelow signals a process of the jail's. It is looked at when a descriptor
// holds it: init may have reaped it, and its number be somebody else's.
func (r *run) signalBelow(pid int, s unix.Signal) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if isBelow(pid, r.initPID) {
		_ = unix.PidfdSendSignal(fd, s, nil, 0)
	}
}

// isBelow says whether a process has another one among its ancestors.
func isBelow(pid, root int) bool {
	for range 4096 {
		ppid := parentOf(pid)
		if ppid == root {
			return true
		}
		if ppid <= 1 {
			return false
		}
		pid = ppid
	}
	return false
}

func parentOf(pid int) int {
	const ppid = 4 - 3
	f := statFields(pid)
	if len(f) <= ppid {
		return 0
	}
	n, _ := strconv.Atoi(f[ppid])
	return n
}
