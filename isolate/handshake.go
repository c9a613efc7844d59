package isolate

import (
	"cmp"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/result"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/isolate/watch"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// onCtl reads what the stage and init say.
func (r *run) onCtl(uint32) {
	m, err := receive(r.ctl, r.buf)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return
	}
	if errors.Is(err, errLostFds) {
		r.birthLost(&m)
		return
	}
	if err != nil || len(m.body) == 0 {
		r.ctlGone(err)
		return
	}
	r.hear(&m)
}

// birthLost ends a launch whose pid 1 is known by its number alone.
func (r *run) birthLost(m *message) {
	if m.word(0) == plan.MsgBorn {
		r.initPID = int(m.word(8))
	}
	r.fail(noRoom())
}

func noRoom() error {
	return &LaunchError{Op: "receive descriptors of the jail", Index: -1, Err: errLostFds, Hint: "raise the limit of open files (ulimit -n)"}
}

// hear takes one message of the stage's or init's.
func (r *run) hear(m *message) {
	defer m.drop()
	switch m.word(0) {
	case plan.MsgBorn:
		r.born(int(m.word(8)), m.take())
	case plan.MsgFail:
		r.fail(r.opError(m))
	case plan.MsgDied:
		ws := unix.WaitStatus(m.word(8))
		r.ev.WaitStatus = &ws
		if at := time.Duration(m.word(24))*time.Second + time.Duration(m.word(32)); at > 0 { // else its clock could not be read
			r.ended = ago(at)
		}
		r.targetDied(int64(m.word(16)) == -int64(unix.ECHILD))
	default:
		halted(m.word(0))
	}
}

// ctlGone is the end of stage and init. Pid 1's pidfd tells the rest.
func (r *run) ctlGone(err error) {
	r.loop.Del(r.ctl)
	if r.initFd >= 0 {
		return
	}
	if err == nil {
		err = errStageDied
	}
	r.fail(&LaunchError{Op: "start the jail", Index: -1, Err: err, Hint: "was it killed from outside?"})
}

var errStageDied = errors.New("the stage died before pid 1 was born")

// born takes pid 1's pidfd, and maps its ids where we are root.
func (r *run) born(pid, fd int) {
	r.initPID, r.initFd = pid, fd
	if err := r.loop.Add(fd, watch.In, r.onInit); err != nil {
		r.fail(&LaunchError{Op: "watch pid 1", Index: -1, Err: err})
		r.loop.Stop() // its end would not be told
		return
	}
	if r.ev.Killed != "" {
		r.kill()
		return
	}
	if r.ids == nil || !r.facts.UserNS {
		return
	}
	if err := r.mapIDs(); err != nil {
		r.hearInit() // it may be gone, and has said why
		r.fail(&LaunchError{Op: "map the run's ids", Index: -1, Layer: policy.LayerUserNS, Err: err, Hint: idMapHint})
		return
	}
	if _, err := unix.Write(r.ctl, []byte("mapped\x00\x00")); err != nil {
		r.hearInit()
		r.fail(&LaunchError{Op: "let init go on", Index: -1, Err: err})
	}
}

const idMapHint = "the outer container must leave CAP_SETUID and the id range to jail"

func (r *run) mapIDs() error {
	first := r.policy.ProgramID()
	if r.ids.count > 1 {
		first = 0
	}
	return writeMaps(r.initPID, strconv.Itoa(r.in.InitID())+" "+strconv.Itoa(r.ids.init)+" 1\n"+
		strconv.Itoa(first)+" "+strconv.Itoa(r.ids.base)+" "+strconv.Itoa(r.ids.count)+"\n")
}

// writeMaps maps users and groups alike in the user namespace of a process.
func writeMaps(pid int, text string) error {
	dir := "/proc/" + strconv.Itoa(pid)
	for _, name := range [...]string{"/uid_map", "/gid_map"} {
		if err := writeProc(dir+name, text); err != nil {
			return err
		}
	}
	return nil
}

func writeProc(path, text string) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// onTarget reads what the target says of itself, up to its exec.
func (r *run) onTarget(uint32) {
	m, err := receive(r.tgt, r.buf)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return
	}
	if errors.Is(err, errLostFds) {
		r.fail(noRoom())
		return
	}
	if err != nil || len(m.body) == 0 {
		r.loop.Del(r.tgt)
		r.executed()
		return
	}
	r.hearTarget(&m)
}

// hearTarget takes one message of the target's.
func (r *run) hearTarget(m *message) {
	defer m.drop()
	switch m.word(0) {
	case plan.MsgFail:
		r.fail(r.opError(m))
	case plan.MsgMiss:
		r.missed(m)
	case plan.MsgSeen:
		r.sawItself(m)
	default:
		halted(m.word(0))
	}
}

// ago is when CLOCK_MONOTONIC showed then, which is also the clock that init was
// given: a process is moved into no time namespace that it makes.
func ago(then time.Duration) time.Time {
	now, _ := clocks()
	return time.Now().Add(-max(now-then, 0))
}

// targetDied is told by init. When all others are dead and reaped too, accounts
// are settled while init takes its namespaces down.
func (r *run) targetDied(alone bool) {
	if !r.facts.Has(policy.LayerPidNS) {
		r.endStrays()
		return
	}
	if !alone {
		return
	}
	r.lastOfTarget()
	r.alone = true
	if r.group != nil { // without one the account is rusage, which pid 1's end gives
		r.machine.ending.enter()
		r.account()
		r.group.RemoveLimits()
		r.machine.ending.leave()
	}
}

// sawItself keeps the read-back, and ends a launch in which a required layer is
// not proved. A target that waits for us goes on only then.
func (r *run) sawItself(m *message) {
	r.reapStage()
	r.seen = seen{complete: true, pid: m.pid, body: append([]byte(nil), m.body...)}
	if r.facts.Has(policy.LayerRootfs) {
		box, root := m.take(), -1
		if r.in.Rooted() {
			root = m.take()
		}
		r.trees.take(box, root)
	}
	if r.policy.Layers.Level(policy.LayerSeccomp) != policy.Off {
		r.listen(m.take())
	}
	r.facts.LookAtSelf() // now, while the program is executed: before, init would wait for a core
	if r.policy.Verify == policy.VerifyFull {
		r.outside = r.lookFromOutside()
	}
	if err := cmp.Or(r.hearLandlog(), r.followSet()); err != nil {
		r.fail(err)
		return
	}
	r.prove()
	err := r.require()
	if err == nil {
		err = r.feedHeld()
	}
	if err != nil {
		r.fail(err)
		return
	}
	if err := r.copyAllIn(); err != nil {
		r.fail(err)
		return
	}
	if !r.in.Waits() {
		return
	}
	if _, err := unix.Write(r.tgt, []byte("verified")); err != nil {
		r.fail(&LaunchError{Op: "let the target go on", Index: -1, Err: err})
	}
}

// followSet has limits hold the target that its group of jails was given while it
// was launched.
func (r *run) followSet() error {
	if r.group == nil || r.policy.Group == "" {
		return nil
	}
	if err := r.machine.groups.FollowSet(r.group); err != nil {
		return r.noGroupError(err)
	}
	return nil
}

// executed is called when the target's socket has closed: by execve, or by the
// target's death before it. The loop may tell so once more after lastOfTarget.
func (r *run) executed() {
	if r.ev.Killed != "" || r.ev.Started || !r.seen.complete {
		return // pid 1's end will tell, or it is known
	}
	r.launch.Stop()
	r.ev.Started = true
	r.started = time.Now().Add(-r.late())
	r.listenForNoise()
	r.tellExec()
	for _, f := range r.onExec {
		f()
	}
	r.onExec = nil
	r.plan = r.plan.Played()
	r.watchLimits()
	if r.cmd.OnStart != nil {
		r.cmd.OnStart(r.signal)
	}
	r.settle(nil)
}

// late is how long ago the program was about to be executed: it may be over when
// we are told, on a machine with much to do, or when we were stopped. The
// read-back ends with the target's look at a clock, which a time namespace may
// have set back.
func (r *run) late() time.Duration {
	sec, nsec := r.seen.word(plan.SeenBoottime), r.seen.word(plan.SeenBoottime+8)
	if sec < 0 || nsec < 0 || r.in.Waits() {
		return 0
	}
	_, now := clocks()
	return lateness(now, time.Duration(sec)*time.Second+time.Duration(nsec), r.setBack)
}

// lateness is the time since then, which a clock has shown that may have been set
// back. Was it, the time would seem longer by that; was it not, it would have
// begun before we did.
func lateness(now, then, setBack time.Duration) time.Duration {
	if d := now - then - setBack; d >= 0 {
		return d
	}
	return max(now-then, 0)
}

// lastOfTarget reads what is left in the target's socket, and its end: both may
// be seen after the target's death.
func (r *run) lastOfTarget() {
	for range 4 {
		m, err := receive(r.tgt, r.buf)
		if err != nil || len(m.body) == 0 {
			break
		}
		r.hearTarget(&m)
	}
	if !r.ev.Started && r.ev.Setup == nil && r.seen.complete {
		r.executed()
	}
}

// tooSlow is the end of a launch that has not come to exec in time.
func (r *run) tooSlow() {
	hint := "a source on a file server that doesn't answer?"
	r.fail(&LaunchError{Op: "launch", Index: -1, Err: os.ErrDeadlineExceeded, Hint: hint})
	if r.initFd < 0 && !r.stageGone {
		_ = unix.Kill(r.stage, unix.SIGKILL)
	}
}

// opError turns the error cell into words.
func (r *run) opError(m *message) error {
	errno := unix.Errno(-int64(m.word(16)))
	ops := r.ops()
	i, ok := tape.OpAt(m.word(8), len(ops))
	if !ok {
		return &LaunchError{Op: "launch", Index: -1, Err: errno}
	}
	op := &ops[i]
	if errno == unix.EAGAIN && r.group != nil {
		if err := r.group.NoTaskLeft(); err != nil {
			return &LaunchError{Op: "launch", Step: op.Step, Index: i, Err: err}
		}
	}
	return &LaunchError{Op: "launch", Step: op.Step, Index: i, Layer: policy.Layer(op.Layer), Err: errno, Hint: stepHint(op, errno)}
}

// ops are those of the tape, made anew where it was dropped: init may fail later.
func (r *run) ops() []tape.Op {
	if len(r.plan.Ops) > 0 {
		return r.plan.Ops
	}
	p, err := plan.Compile(r.in)
	if err != nil {
		return nil // it was made of the same before
	}
	return p.Ops
}

// missed says why nothing was executed: what exists but can't be executed
// counts more than what is not there, execvp(3).
func (r *run) missed(m *message) {
	prog := r.cmd.Args[0]
	err := &ExecError{Program: prog, Err: unix.ENOENT}
	for i := range r.plan.Candidates {
		errno := unix.Errno(-int64(m.word(8 + 16*i)))
		there := int64(m.word(16+16*i)) == 0
		switch {
		case errno == unix.ENOENT && there:
			err = &ExecError{Program: r.plan.Candidates[i], Err: errInterpreter, Hint: "the interpreter that its first line or its ELF header names is not visible in the jail"}
		case errno != unix.ENOENT && errno != unix.ENOTDIR:
			err = &ExecError{Program: r.plan.Candidates[i], Err: errno, Hint: execHint(errno)}
		default:
			continue
		}
		break
	}
	if err.Err == unix.ENOENT {
		err.Hint = r.notFoundHint(prog)
	}
	r.fail(err)
}

// errInterpreter is ENOENT of a file that is there.
const errInterpreter = missingInterpreter("its interpreter is missing")

type missingInterpreter string

func (e missingInterpreter) Error() string { return string(e) }

// Unwrap gives what execve(2) said.
func (e missingInterpreter) Unwrap() error { return unix.ENOENT }

func execHint(errno unix.Errno) string {
	switch errno {
	case unix.EACCES:
		return "it is a directory, or not executable for the jail's user (chmod +x)"
	case unix.ENOEXEC:
		return "it is neither an ELF program of this machine nor a script that begins with #!"
	case unix.E2BIG:
		return "arguments and environment are larger than the kernel takes (execve(2), \"Limits on size\")"
	}
	return ""
}

// launchErr keeps the first error of a launch, and reports it.
func (r *run) launchErr(err error) {
	err = advised(err)
	var le *LaunchError
	var xe *ExecError
	s := &result.Setup{Index: -1}
	switch {
	case r.ev.Setup != nil:
		return
	case errors.As(err, &le):
		s.Index, s.Step = le.Index, le.Step
		if s.Step == "" {
			s.Step = le.Op
		}
	case errors.As(err, &xe):
		s.Step, s.Exec = "execve "+xe.Program, true
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		s.Errno = result.Errno(errno)
	}
	r.ev.Setup = s
	r.failure = err
	r.settle(err)
}
