package isolate

import (
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/jailrun/jail/isolate/cores"
	"github.com/jailrun/jail/isolate/watch"
	"golang.org/x/sys/unix"
)

// watchCores listens to lessees, or, with a lease, to those who wait for it.
func (r *run) watchCores() error {
	p := &r.cores
	if p.lease != nil {
		return r.receive()
	}
	if p.member == nil {
		return nil
	}
	r.onExec = append(r.onExec, r.settleCores)
	return r.loop.Add(p.member.Fd(), watch.In, func(uint32) { r.answerLessees() })
}

func (r *run) receive() error {
	for _, door := range r.cores.lease.Doors() {
		err := r.loop.Add(door, watch.In, func(uint32) {
			if !r.cores.lease.Receive(door) {
				r.loop.Del(door)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settleCores is for the program that has just been executed: it is where its
// launch put it, and somebody may have leased or given back a core meanwhile.
func (r *run) settleCores() {
	if p := &r.cores; p.now != p.base || p.member.AnyLease() {
		r.keepOff()
	}
}

// answerLessees leaves the cores of those who ask, and tells them so. Before the
// program is there nothing is to be left, and settleCores will look.
func (r *run) answerLessees() {
	answer := cores.Left
	switch left, _ := r.cores.member.Look(); {
	case left.Empty():
		answer = cores.Stays
	case r.ev.Started && !r.keepOff():
		answer = cores.Shares
	}
	r.cores.member.Answer(answer)
}

// keepOff puts the program on the CPUs that nobody has leased. It says whether
// they are so: it is no error, since a lease is the other jail's matter.
func (r *run) keepOff() bool {
	p := &r.cores
	left, leased := p.member.Look()
	r.hearLessees(leased)
	if left.Empty() {
		p.shared = true
		return false
	}
	if r.nobodyLeft() {
		return true
	}
	if r.moveTo(left) != nil {
		p.shared = p.shared || left != p.base
		return false
	}
	p.now = left
	return true
}

// hearLessees has the end of a lease looked at. A lessee that can't be reached
// is looked for again.
func (r *run) hearLessees(leased []int) {
	p := &r.cores
	r.deafToLessees()
	p.hear = cores.Lessees(leased)
	lost := false
	for _, h := range p.hear {
		lost = lost || h.Fd < 0 || r.loop.Add(h.Fd, watch.In, func(uint32) { r.keepOff() }) != nil
	}
	if !lost {
		p.pause = 0
		return
	}
	p.later = r.loop.At(time.Now().Add(p.pause.Next()), func() { r.keepOff() })
}

func (r *run) deafToLessees() {
	p := &r.cores
	if p.later != nil {
		p.later.Stop()
	}
	for _, h := range p.hear {
		if h.Fd >= 0 {
			r.loop.Del(h.Fd)
			unix.Close(h.Fd)
		}
	}
	p.hear = nil
}

// moveTo holds the program, wherever it is, to other CPUs: by its groups, or
// where these can't by the affinity of each of its threads, which it may change.
func (r *run) moveTo(s cores.Set) error {
	if r.group != nil {
		err := r.machine.groups.Rebind(r.group, s.String())
		if err == nil {
			return nil
		}
	}
	return r.moveEach(s)
}

// moveRounds bounds how often new threads are looked for: those of one that was
// bound are born bound.
const moveRounds = 100

var errStillForking = errors.New("its processes fork faster than they can be bound")

// moveEach binds thread after thread, until there is no new one.
func (r *run) moveEach(s cores.Set) error {
	bound := map[int]bool{}
	for range moveRounds {
		list, err := descendants(r.initPID)
		if err != nil {
			return err
		}
		before := len(bound)
		for _, pid := range list {
			if err := bindThreads(pid, s, bound); err != nil {
				return err
			}
		}
		if len(bound) == before {
			return nil
		}
	}
	return errStillForking
}

// bindThreads binds those of a process that are not bound yet.
func bindThreads(pid int, s cores.Set, bound map[int]bool) error {
	tasks, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil && !isGone(err) {
		return err
	}
	for _, t := range tasks {
		tid, _ := strconv.Atoi(t.Name())
		if bound[tid] {
			continue
		}
		if err := s.Bind(tid); err != nil && !isGone(err) {
			return err
		}
		bound[tid] = true
	}
	return nil
}

// releaseCores gives back what place took.
func (r *run) releaseCores() {
	r.deafToLessees()
	r.cores.lease.Release()
	r.cores.member.Close()
}
