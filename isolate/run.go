package isolate

import (
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/jailrun/jail/isolate/access"
	"github.com/jailrun/jail/isolate/cgroup"
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/landlog"
	"github.com/jailrun/jail/isolate/notify"
	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/stage"
	"github.com/jailrun/jail/isolate/watch"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/policy/seccomp"
	"golang.org/x/sys/unix"
)

// run is one jail from its launch to its result. But for what is said
// otherwise, everything belongs to the loop's goroutine.
type run struct {
	cmd      *Cmd
	policy   *policy.Policy // resolved
	found    found
	layers   layered
	explains bool // nothing is launched, and nothing made that would stay
	machine  *machine
	plan     *plan.Plan
	in       *plan.Input // of which it was made
	id       string

	loop      *watch.Loop
	cores     placing
	noise     noise
	group     *cgroup.Group
	noGroup   error
	lost      int // launches before this one whose group was taken
	ids       *ids
	stage     int  // its pid
	stageGone bool // reaped
	stageFd   int  // its pidfd, while the target waits for its end, or -1
	ctl       int
	tgt       int
	initFd    int // pidfd of pid 1
	initPID   int
	callerNS  int // user namespace for idmapped sources
	holder    *stage.Holder
	scratch   string
	buf       []byte

	relays   [3]*watch.Relay // stdin, stdout, stderr
	inputEnd int             // our end of stdin's pipe while its relay has to wait, or -1
	closers  []func()
	onExec   []func() // called when the program has been executed
	listener *notify.Listener

	seen    seen
	facts   *host.Facts // of the host, less what a launch has found that it lacks
	limits  limits
	started time.Time     // when the program was executed
	setBack time.Duration // what a time namespace takes from the clock that the target sees
	ended   time.Time     // when the program did, or pid 1 where it did not tell
	launch  *watch.Timer  // the launch's deadline

	ev          result.Evidence
	usage       result.Usage
	outcome     chan error // of the launch; closed when exec was seen
	done        chan struct{}
	settled     sync.Once
	gone        bool // pid 1 is reaped
	accounted   bool // what was used is known
	alone       bool // pid 1 has said that all others are dead and reaped
	failure     error
	trees       trees
	copied      []result.Copied
	lostFiles   []error // CopyErrors, and unwritten
	unwritten   error   // a *state.Error: what the state could not keep
	proved      []proof // of each layer, when the read-back has come
	outside     *look   // with verify = "full"
	rusage      unix.Rusage
	sampledPeak int64 // bytes
	table       *seccomp.Index
	landlog     *landlog.Reader // nil where nothing is heard
	probed      bool            // the launch's own refusal was heard of
	looker      *access.Looker  // of a watched run
	cantLook    error
	inside      int64    // bytes in the program's own list of denials
	digest      string   // of the policy, once it was asked for
	witness     *witness // of the last words
}

// launchDeadline is how long a launch may take until exec: a source on a dead
// file server must not hang its caller for ever.
const launchDeadline = 5 * time.Second

// launch starts a run and waits until the program has been executed. The run
// then has a goroutine of its own.
func launch(c *Cmd) (*run, error) {
	return c.climbDown(func(r *run) { go r.serve() })
}

// launchHere runs a program to its end on the caller's goroutine.
func launchHere(c *Cmd) (*run, error) {
	return c.climbDown(func(r *run) { r.serve() })
}

// climbDown launches with what the host is known to give, and again with less
// if it proves to give less and the policy lets it go on.
func (c *Cmd) climbDown(serve func(*run)) (*run, error) {
	r := newRun(c)
	err := r.tryLaunch(serve)
	for err != nil {
		less := r.withLess(err)
		if less == nil {
			break
		}
		r.tellAttempt()
		r = less
		err = r.tryLaunch(serve)
	}
	return r, err
}

func (r *run) tryLaunch(serve func(*run)) error {
	if err := r.prepare(); err != nil {
		if r.stage > 0 {
			r.abandon()
		}
		r.closeRelays()
		r.release()
		return err
	}
	serve(r)
	err, failed := <-r.outcome
	if failed {
		<-r.done
	}
	return err
}

func newRun(c *Cmd) *run {
	return &run{cmd: c, ctl: -1, tgt: -1, initFd: -1, stageFd: -1, inputEnd: -1, callerNS: -1, done: make(chan struct{}), outcome: make(chan error, 1)}
}

// serve is the loop's goroutine: it owns the run until its end.
func (r *run) serve() {
	defer close(r.done)
	r.loop.OnCancel(func() { r.end(result.CauseCanceled) })
	if err := r.loop.Run(r.cmd.ctx); err != nil {
		r.fail(&LaunchError{Op: "watch the jail", Index: -1, Err: err})
		r.ev.Killed = result.CauseInternal
		r.kill()
	}
	r.finish()
	r.release()
}

// settle reports how the launch went, once: nil when exec was seen.
func (r *run) settle(err error) {
	r.settled.Do(func() {
		if err != nil {
			r.outcome <- err
		} else {
			close(r.outcome)
		}
	})
}

// fail ends a launch that went wrong. The jail is killed, and its end is still
// waited for.
func (r *run) fail(err error) {
	if r.ev.Killed == "" {
		r.ev.Killed = result.CauseLaunch
	}
	r.launchErr(err)
	r.kill()
	if r.initFd < 0 {
		r.loop.Stop()
	}
}

// end kills the jail for a reason of ours. The first reason stays. When all are
// dead already, it is the readers of the outputs that are waited for no longer.
func (r *run) end(c result.Cause) {
	if r.nobodyLeft() {
		r.deliverFor(drainGrace)
		return
	}
	if r.ev.Killed == "" {
		r.ev.Killed = c
		r.measure()
		r.noteLastWords(c)
		r.tellKill(c)
	}
	r.kill()
	if r.initFd < 0 {
		r.loop.Stop()
	}
}

// outOfTime ends the run for a limit of time, unless its program was quicker. A
// supervisor that was stopped, or had no core, finds a death and the end of the
// time at once, in any order; account tells which came first.
func (r *run) outOfTime(c result.Cause) {
	r.hearInit()
	if r.ev.WaitStatus == nil {
		r.end(c)
		return
	}
	r.kill() // who is left: pid 1 is about to
}

// nobodyLeft says whether nothing of the program's is alive any more. Pid 1 may be, on
// its way out: accounts are settled then, and its verdict stands.
func (r *run) nobodyLeft() bool { return r.gone || r.alone }

// kill ends every process of the jail: by its group where there is one, and by
// pid 1, with which the namespace ends.
func (r *run) kill() {
	if r.group != nil {
		_ = r.group.Kill() // pid 1's end, below, takes what it could not
	}
	if r.initFd >= 0 && r.ev.WaitStatus == nil && !r.facts.Has(policy.LayerPidNS) {
		r.killStrays() // the target among them: init then tells its end, and reaps the rest
		return
	}
	if r.initFd >= 0 {
		_ = unix.PidfdSendSignal(r.initFd, unix.SIGKILL, nil, 0)
	}
}

// cancel may be called from any goroutine.
func (r *run) cancel() { r.loop.Post(func() { r.end(result.CauseCanceled) }) }

// signal sends a signal to the program, and gives os.ErrProcessDone when that
// has ended. It may be called from any goroutine, the loop's too, which could not
// wait for itself: so the answer is had without the loop. Pids are known from
// before anybody can call, and the signal goes out on the loop, which alone
// knows when they are nobody's any more.
func (r *run) signal(s os.Signal) error {
	sig, ok := s.(unix.Signal)
	if !ok {
		return unix.EINVAL
	}
	select {
	case <-r.done:
		return os.ErrProcessDone
	default:
	}
	if hasEnded(r.seen.pid, r.initPID) {
		return os.ErrProcessDone
	}
	r.loop.Post(func() {
		if r.seen.pid > 0 && !r.gone && r.ev.WaitStatus == nil {
			r.signalBelow(r.seen.pid, sig)
		}
	})
	return nil
}

// hasEnded says whether no child of init's has the number any more. Where /proc
// tells nothing, a process that has it is taken for the one that was meant.
func hasEnded(pid, init int) bool {
	if unix.Kill(pid, 0) == unix.ESRCH {
		return true
	}
	const ppid = 4 - 3
	f := statFields(pid)
	return len(f) > ppid && f[ppid] != strconv.Itoa(init)
}

// wait waits for the end, and may be called from any goroutine.
func (r *run) wait() *result.Result {
	<-r.done
	return r.conclude()
}

// newID names a run: pid, and a number within this process.
func newID(seq uint64) string {
	return strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "-" + strconv.FormatUint(seq, 36)
}
