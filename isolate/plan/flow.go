package plan

import (
	"bytes"

	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// fact is something that a step has brought about.
type fact uint64

const (
	hasMnt fact = 1 << iota
	hasUser
	hasPid
	hasNet
	hasIpc
	hasUts
	leaksClosed // the supervisor's parent's descriptors are closed
	private     // mount propagation
	mounted     // a file system of our own is there
	staged      // and the working directory is in it
	oldRoot     // pivot_root was called, and the host's tree is still there
	detached    // and now it is gone
	hasCgroup   // the cgroup namespace

	inherited = iota // those above a child has too
)

const (
	gated fact = 1 << (iota + inherited) // the target has waited for init
	released
	initClosed // init has closed what it built with
	sealed     // every descriptor closes on exec
	sealedLow  // or these three in its place: the supervisor's socket is closed,
	sealedHigh // so is what else was passed,
	sealedOwn  // and the target's socket closes on exec
	securebits
	ambient
	groups
	gid
	uid
	noCaps
	noReturn // an attempt to become root has failed
	noNewPrivs
	landlocked
	filtered
	orphanDies // PR_SET_PDEATHSIG is set
	undumpable
	attempted // a step to join a group was taken
	hasForked
)

const inheritedFacts = fact(1)<<inherited - 1

// state is what is known before an op: what holds on every path to it, and
// what may hold on some.
type state struct {
	must, may fact
	dropped   uint64 // capabilities that are out of the bounding set on every path
	joined    uint8  // groups joined on every path
	reached   bool
}

// effect is what an op does when it succeeds, and what kind of step it is.
type effect struct {
	class     class
	needs     fact // must hold before: S1
	gains     fact
	loses     fact
	onFailure fact   // brought about by failing
	drops     uint64 // capabilities
	joins     uint8
}

// class groups ops that a rule speaks of.
type class uint16

const (
	mounts     class = 1 << iota // changes the tree of mounts
	detaches                     // the old root
	shares                       // leaves a mount what it was to the host's: a peer perhaps
	opens                        // a path, to read or to change
	leaks                        // makes a descriptor that outlives exec
	changesID                    // groups, gid, uid
	joinsGroup                   // writes to cgroup.procs or, on v1, tasks
	restricts                    // seccomp or Landlock
	releases                     // lets the target go
	waitsGate                    // waits for that
	forksProc
	executes
)

// triedFacts are the facts of layers at try whose steps may fail: their
// absence is read back and told.
func triedFacts(d *Demands) (f fact) {
	for _, l := range [...]struct {
		layer policy.Layer
		fact  fact
	}{
		{policy.LayerCgroup, attempted}, {policy.LayerCgroupNS, hasCgroup},
		{policy.LayerLandlock, landlocked}, {policy.LayerSeccomp, filtered},
	} {
		if d.Layers.Level(l.layer) == policy.Try {
			f |= l.fact
		}
	}
	if !d.on(policy.LayerUserNS) && !d.Facts.Root {
		f |= securebits // takes CAP_SETPCAP, and so does the bounding set: without it there is nothing to lose
	}
	return f
}

// flow goes through the tape along all branches until nothing new is learned.
func (v *verifier) flow() {
	v.in = make([]state, len(v.t.Ops))
	v.in[0].reached = true
	for i := 0; i < len(v.in); {
		if back := v.step(i); back <= i {
			i = back
		} else {
			i++
		}
	}
}

// step carries what holds after op i to the ops that follow it, and gives the
// first op before it for which that is news.
func (v *verifier) step(i int) (back int) {
	back = i + 1
	s := v.in[i]
	if !s.reached {
		return back
	}
	o := &v.t.Ops[i]
	e := v.effect(o, &s)
	first, last := outcomes(o)
	for k := first; k <= last; k++ {
		to := v.t.Target(i, branch(o, k))
		if v.in[to].join(after(s, o, e, k, v.tried)) && to <= i {
			back = min(back, to)
		}
	}
	return back
}

// after gives what holds after an outcome of an op.
func after(s state, o *tape.Op, e *effect, outcome int, tried fact) state {
	if outcome == negative {
		s.must |= e.onFailure | e.gains&tried
		s.may |= e.onFailure
		if tried&securebits != 0 {
			s.dropped |= e.drops
		}
		if e.joins > 0 && tried&attempted != 0 {
			s.joined += e.joins
		}
		return s
	}
	if e.class&forksProc != 0 {
		return forked(s, e, outcome)
	}
	s.must = s.must&^e.loses | e.gains
	s.may = s.may&^e.loses | e.gains
	s.dropped |= e.drops
	s.joined += e.joins
	return s
}

// forked gives what holds in the child, which shares the namespaces alone, and
// in its parent.
func forked(s state, e *effect, outcome int) state {
	if outcome == positive {
		s.must |= hasForked
		s.may |= hasForked
		return s
	}
	s.must = s.must&inheritedFacts | e.gains
	s.may = s.may&inheritedFacts | e.gains
	s.dropped, s.joined = 0, 0
	return s
}

// join takes one more way into account, and says whether it brought news.
func (s *state) join(o state) bool {
	if !s.reached {
		*s = o
		return true
	}
	was := *s
	s.must &= o.must
	s.may |= o.may
	s.dropped &= o.dropped
	s.joined = min(s.joined, o.joined)
	return *s != was
}

// namespaces that clone_args can ask for.
var namespaces = [...]struct {
	layer policy.Layer
	flag  uint64
	fact  fact
}{
	{policy.LayerMntNS, unix.CLONE_NEWNS, hasMnt},
	{policy.LayerUserNS, unix.CLONE_NEWUSER, hasUser},
	{policy.LayerPidNS, unix.CLONE_NEWPID, hasPid},
	{policy.LayerNetNS, unix.CLONE_NEWNET, hasNet},
	{policy.LayerIpcNS, unix.CLONE_NEWIPC, hasIpc},
	{policy.LayerUtsNS, unix.CLONE_NEWUTS, hasUts},
}

func bornInto(flags uint64) (f fact) {
	for i := range namespaces {
		if flags&namespaces[i].flag != 0 {
			f |= namespaces[i].fact
		}
	}
	return f
}

func (v *verifier) says(a uint64, s string) bool {
	p, ok := v.t.Text(a)
	return ok && string(p) == s
}

// bytesAre compares memory with what it should hold.
func (v *verifier) bytesAre(a uint64, want []byte) bool {
	return bytes.Equal(v.t.Bytes(a, len(want)), want)
}
