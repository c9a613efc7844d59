package isolate

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// drainGrace bounds how long a reader that has stopped reading can keep the
// result of a jail that was canceled.
const drainGrace = 2 * time.Second

// joinGrace is how long a Read or Write of the caller's may take that is under
// way when all is over.
const joinGrace = 100 * time.Millisecond

// patience is for the reader of a program that ended by itself: he gets all.
const patience = 365 * 24 * time.Hour

// onInit is the end of pid 1, and so of every process of the jail.
func (r *run) onInit(uint32) {
	r.loop.Del(r.initFd)
	r.gone = true
	r.machine.ending.enter()
	r.reap()
	r.machine.ending.leave()
	r.lastWords()
	if !r.ev.Started && r.ev.Killed == "" {
		r.fail(&LaunchError{Op: "launch", Index: -1, Err: r.earlyEnd(), Hint: "was it killed from outside?"})
	}
	r.account()
	r.splitCPU()
	r.drain()
}

// account settles what was used, once, when all processes but init are dead.
func (r *run) account() {
	if r.accounted {
		return
	}
	r.accounted = true
	if r.ended.IsZero() {
		r.ended = time.Now()
	}
	r.limits.stop()
	r.measureLast()
	r.measureNoise()
	r.metBounds()
}

// metBounds ends the run for a bound that was met, where the program was quicker
// to exit than we to see it.
func (r *run) metBounds() {
	switch l := &r.policy.Limits; {
	case r.ev.Killed != "" || !r.ev.Started:
	case r.limits.wall > 0 && r.ended.Sub(r.started) > r.limits.wall:
		r.ev.Killed, r.ev.WallNS = result.CauseWall, r.usage.WallNS
	case l.PidsAction == policy.ActionKill && r.ev.PidsMaxEvents != nil && *r.ev.PidsMaxEvents > 0:
		r.ev.Killed = result.CausePids
	case l.DiskAction == policy.ActionKill && (r.ev.Box.Full() || r.ev.State.Full()):
		r.ev.Killed = result.CauseDisk
	}
}

var errKilled = errors.New("killed by its caller before the program was executed")

// earlyEnd says who has died before there was a program, and how as far as pid 1
// could tell.
func (r *run) earlyEnd() error {
	if r.ev.WaitStatus == nil {
		return errInitDied
	}
	return &targetDied{*r.ev.WaitStatus}
}

// targetDied is the end of the process that was to become the program.
type targetDied struct{ status unix.WaitStatus }

func (e *targetDied) Error() string {
	const who = "the process that was to become the program died before that: "
	if e.status.Signaled() {
		return who + e.status.Signal().String()
	}
	return who + "exit status " + strconv.Itoa(e.status.ExitStatus())
}

var errInitDied = errors.New("pid 1 of the jail died before the program was executed")

// reap takes the statuses of stage and init. Somebody else's wait4(-1) may have
// been first (ECHILD): init has told the target's status itself.
func (r *run) reap() {
	if !r.ev.Started && !r.stageGone { // it may still be making the network namespace, for which it takes its time
		_ = unix.Kill(r.stage, unix.SIGKILL)
	}
	r.reapStage()
	_, _ = wait4(r.initPID, &r.rusage)
}

func wait4(pid int, ru *unix.Rusage) (unix.WaitStatus, error) {
	var ws unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &ws, 0, ru)
		if !errors.Is(err, unix.EINTR) {
			return ws, err
		}
	}
}

// lastWords reads what init and target said before they died: the messages
// may be seen after the pidfd.
func (r *run) lastWords() {
	r.hearInit()
	r.lastOfTarget()
}

// hearInit reads what stage and init have said, and is not yet read.
func (r *run) hearInit() {
	for range 4 {
		m, err := receive(r.ctl, r.buf)
		if err != nil || len(m.body) == 0 {
			return
		}
		r.hear(&m)
	}
}

// drain waits until the outputs are delivered, and lets the loop end.
func (r *run) drain() {
	r.closeStdin()
	wait := patience
	if r.ev.Killed != "" {
		wait = drainGrace
	}
	r.deliverFor(wait)
	r.maybeStop()
}

// deliverFor bounds how long the readers of the outputs are waited for: nobody
// of the jail writes any more, whoever may hold the pipe.
func (r *run) deliverFor(d time.Duration) {
	for _, y := range r.relays[1:] {
		if y != nil {
			y.Drain(time.Now().Add(d))
		}
	}
}

func (r *run) closeStdin() {
	if in := r.relays[0]; in != nil && !in.Ended() {
		in.Close()
	}
}

// maybeStop ends the loop when pid 1 is gone and all output delivered.
func (r *run) maybeStop() {
	if !r.gone {
		return
	}
	for _, y := range r.relays[1:] {
		if y != nil && !y.Ended() {
			return
		}
	}
	r.loop.Stop()
}

// finish is what remains when the loop has ended.
func (r *run) finish() {
	if !r.gone && r.stage > 0 {
		r.abandon()
	}
	r.settle(r.whyNot())
	r.closeRelays()
	if r.ev.Started {
		r.copyAllOut()
		r.writeState()
	}
	r.joinWitness()
	r.lastOfLandlog()
}

// whyNot is the error of a launch that did not come to its exec.
func (r *run) whyNot() error {
	if r.failure == nil && !r.ev.Started && r.ev.Killed == result.CauseCanceled {
		return &LaunchError{Op: "launch", Index: -1, Err: r.cause()}
	}
	return r.failure
}

// cause is why a launch was canceled: the context's, or Kill.
func (r *run) cause() error {
	if err := context.Cause(r.cmd.ctx); err != nil {
		return err
	}
	return errKilled
}

// closeRelays ends the relays and waits for their goroutines, but not for a Read
// or Write of the caller's that hangs: a terminal that nobody types at would
// keep the result for ever.
func (r *run) closeRelays() {
	ctx, cancel := context.WithTimeout(context.Background(), joinGrace)
	defer cancel()
	for _, y := range r.relays {
		if y != nil {
			y.Close()
			_ = y.Join(ctx)
		}
	}
}

// abandon reaps a launch that never came to a pid 1, or whose loop failed.
func (r *run) abandon() {
	if r.initPID == 0 {
		r.awaitBirth()
	}
	if r.initPID > 0 {
		r.killInit()
		_, _ = wait4(r.initPID, &r.rusage)
	}
	r.reapStage()
	r.gone = true
}

// killInit kills pid 1 by its number where its pidfd was lost: it is our own
// child, and not reaped.
func (r *run) killInit() {
	if r.initFd < 0 {
		_ = unix.Kill(r.initPID, unix.SIGKILL)
		return
	}
	_ = unix.PidfdSendSignal(r.initFd, unix.SIGKILL, nil, 0)
}

// reapStage takes the stage's status, once. It is about to exit when the target
// has been heard of; as a zombie it would count as one of an ordinary user's
// processes in the jail's user namespace. It is killed, since somebody may have
// stopped it, and has nothing left to do.
func (r *run) reapStage() {
	if !r.stageGone {
		_ = unix.Kill(r.stage, unix.SIGKILL) // it is ours and not reaped: the pid is not reused
		_, _ = wait4(r.stage, nil)
		r.stageGone = true
	}
}

// awaitBirth takes pid 1 from a birth that nobody has read of: it is our own
// child, and must be reaped. A stage that was killed before it could tell would
// leave it unknown, so the stage comes so far.
func (r *run) awaitBirth() {
	p := []unix.PollFd{{Fd: int32(r.ctl), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(p, int(launchDeadline/time.Millisecond))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return
		}
		m, err := receive(r.ctl, make([]byte, 64))
		if (err == nil || errors.Is(err, errLostFds)) && m.word(0) == plan.MsgBorn {
			r.initPID, r.initFd = int(m.word(8)), m.take()
		}
		m.drop()
		return
	}
}

// conclude makes the result.
func (r *run) conclude() *result.Result {
	res := result.New(r.id)
	res.Evidence = r.ev
	res.Usage = r.usage
	if r.policy != nil {
		res.Limits = result.LimitsOf(r.policy.Limits)
		if g := r.policy.Group; g != "" {
			res.Limits.Group = &g
		}
		res.PolicyDigest = r.policyDigest()
	}
	res.Cores = r.cores.figures()
	r.enforced(&res.Enforced)
	r.denials(res)
	r.files(res)
	res.Watched = r.cmd.Watch.named()
	if r.cmd.Watch != WatchNone && r.cantLook == nil && r.listener != nil && r.listener.Blind() {
		r.cantLook = errBlind
	}
	switch {
	case r.cantLook != nil:
		res.WatchError = new(r.cantLook.Error())
	case r.cmd.Watch != WatchNone && r.ev.Started && r.listener == nil:
		res.WatchError = new("without the layer seccomp no call is heard of")
	}
	r.output(&res.Output)
	if r.failure != nil {
		res.Error = failureOf(r.failure)
	}
	res.Conclude()
	r.redact(res)
	r.tellVerdict(res)
	return res
}

// files says what the program saw of images and states, and what was copied.
func (r *run) files(res *result.Result) {
	if i := r.layers.image; i != nil {
		res.Image = &result.Image{ID: i.ID.String(), Name: i.Name, Layers: make([]string, len(i.Layers))}
		for n := range i.Layers {
			res.Image.Layers[n] = i.Layers[n].DiffID.String()
		}
	}
	if s := r.layers.state; s != nil {
		res.State = &s.Name
		if r.unwritten != nil {
			why := r.unwritten.Error()
			res.StateError = &why
		}
	}
	res.Copied = r.copied
}

// failed makes the result of a launch that failed.
func (r *run) failed(err error) *result.Result {
	if r.ev.Setup == nil && r.ev.Killed == "" {
		r.launchErr(err)
		r.ev.Killed = result.CauseLaunch
	}
	return r.conclude()
}

func failureOf(err error) *result.Failure {
	f := &result.Failure{Op: "launch", Text: err.Error()}
	var le *LaunchError
	var xe *ExecError
	switch {
	case errors.As(err, &le):
		f.Op, f.Layer, f.Step, f.Hint = le.Op, le.Layer, le.Step, le.Hint
	case errors.As(err, &xe):
		f.Op, f.Hint = "execve", xe.Hint
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		f.Errno = result.Errno(errno)
	}
	return f
}

func (r *run) output(o *result.Output) {
	if y := r.relays[0]; y != nil {
		o.StdinError = streamError(y.Totals().ReadErr)
	}
	if y := r.relays[1]; y != nil {
		t := y.Totals()
		o.StdoutBytes, o.StdoutTruncated, o.StdoutError = t.Taken, t.Truncated, streamError(t.Err)
		if r.cmd.Stdout != nil {
			o.StdoutBytes = t.Delivered
		}
	}
	if y := r.relays[2]; y != nil {
		t := y.Totals()
		o.StderrBytes, o.StderrTruncated, o.StderrError = t.Taken, t.Truncated, streamError(t.Err)
		if r.cmd.Stderr != nil {
			o.StderrBytes = t.Delivered
		}
	}
}

// streamError names why a stream was not delivered: the errno where there is
// one, so that programs need not read words.
func streamError(err error) *string {
	if err == nil {
		return nil
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		return new(result.Errno(errno).String())
	}
	return new(err.Error())
}
