package isolate

import (
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jailrun/jail/isolate/plan"
	"github.com/jailrun/jail/isolate/stage"
	"github.com/jailrun/jail/isolate/watch"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/policy/seccomp"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

var runs atomic.Uint64

// prepare does all that comes before the stage's start, and starts it.
func (r *run) prepare() error {
	if err := r.lookAround(); err != nil {
		return err
	}
	if err := r.place(); err != nil {
		return err
	}
	r.machine.starting.enter()
	defer r.machine.starting.leave()
	r.openLandlog()
	in, err := r.input()
	if err != nil {
		return err
	}
	if r.plan, err = plan.Compile(in); err != nil {
		return &LaunchError{Op: "plan the launch", Index: -1, Err: err}
	}
	r.in = in
	r.plan.Tape = mutate(r.plan.Tape)
	if r.loop, err = watch.New(); err != nil {
		return &LaunchError{Op: "make the event loop", Index: -1, Err: err}
	}
	if r.cmd.HoldThread {
		r.loop.HoldThread()
	}
	r.tellLaunch()
	return r.start(in)
}

// lookAround checks what was asked against the host, and changes nothing.
func (r *run) lookAround() error {
	r.id = newID(runs.Add(1))
	m, err := theMachine()
	if err != nil {
		return &LaunchError{Op: "look at the host", Index: -1, Err: err, Hint: `run "jail doctor"`}
	}
	r.machine = m
	if r.facts == nil { // else a launch before has found what the host gives
		r.facts = lacking(m.current())
	}
	if err := r.resolve(); err != nil {
		return err
	}
	if err := r.precheck(); err != nil {
		return err
	}
	if err := r.findLayers(); err != nil {
		return err
	}
	return r.findFiles()
}

func (r *run) resolve() error {
	if len(r.cmd.Args) == 0 || r.cmd.Args[0] == "" {
		return &LaunchError{Op: "launch", Index: -1, Err: ErrNoProgram}
	}
	if err := checkArgs(r.cmd.Args); err != nil {
		return &LaunchError{Op: "launch", Index: -1, Err: err, Hint: "pass what holds a NUL byte on standard input or in a file"}
	}
	p := r.cmd.Policy
	if p == nil {
		p = &policy.Policy{}
	}
	p = onKernel(p, r.facts)
	r.policy = p.Resolve(policy.Caller{Root: r.facts.Root})
	if err := r.policy.Validate(); err != nil {
		return &LaunchError{Op: "check the policy", Index: -1, Err: err}
	}
	if err := r.fitOuter(&p.Limits); err != nil {
		return err
	}
	if err := r.mayBeRoot(); err != nil {
		return err
	}
	if r.shares() && r.policy.Layers.Level(policy.LayerSeccomp) == policy.Off {
		return &LaunchError{Op: "check the policy", Index: -1, Layer: policy.LayerSeccomp, Err: errShared, Hint: "leave seccomp on, or share read-only (--ro)"}
	}
	if r.facts.Landlock == 0 && r.policy.Layers.Level(policy.LayerLandlock) == policy.Require {
		_, why := r.provesLandlock()
		return &LaunchError{Op: "check the host", Index: -1, Layer: policy.LayerLandlock, Err: &notProved{why}, Hint: tryHint(policy.LayerLandlock)}
	}
	r.limits = limitsOf(r.policy)
	return nil
}

var errShared = errors.New("a writable folder of the caller's needs the filter, or a set-id file could be left in it")

// checkArgs refuses what would reach the program cut short, past every check
// that its caller has made of the whole.
func checkArgs(args []string) error {
	for i, a := range args {
		if strings.IndexByte(a, 0) >= 0 {
			return &ArgError{Index: i}
		}
	}
	return nil
}

// makeGroup makes the run's cgroups, or learns why there are none.
func (r *run) makeGroup() error {
	level := r.policy.Layers.Level(policy.LayerCgroup)
	if level == policy.Off {
		return nil
	}
	spec, err := r.groupSpec()
	if err != nil {
		return err // what can't be asked of any host
	}
	err = r.machine.noGrps
	if r.noGroup != nil {
		err = r.noGroup // of the launch before
	}
	if err == nil && r.facts.NoClone {
		err = errNoClone3
	}
	if err == nil {
		r.group, err = r.machine.groups.Begin(r.machine.groups.NewName(), spec)
		if err != nil && spec.Cores != "" && r.bindsWithout(err) {
			spec.Cores = ""
			r.group, err = r.machine.groups.Begin(r.machine.groups.NewName(), spec)
		}
	}
	if err == nil {
		return nil
	}
	return r.groupMissing(err)
}

// bindsWithout says whether affinity will do where the groups can't hold cores: a
// host that delegates memory and processes, but no cores, is no reason to be
// without the rest.
func (r *run) bindsWithout(err error) bool {
	asked := r.policy.Limits.Cores != "" && r.policy.Layers.Level(policy.LayerCgroup) == policy.Require
	return !asked && !passing(err)
}

// errNoClone3: the kill of a group must hold init too, which can't join it later.
var errNoClone3 = errors.New("a jail is born into its group by clone3(2), which a filter around jail hides")

// groupMissing goes on without groups, if the policy lets it.
func (r *run) groupMissing(err error) error {
	r.noGroup = err
	if r.policy.Layers.Level(policy.LayerCgroup) == policy.Require || passing(err) {
		return r.noGroupError(err)
	}
	return nil
}

func (r *run) noGroupError(err error) error {
	if only := r.policy.OnlyByGroup(); len(only) > 0 {
		return advised(&LaunchError{Op: "make the cgroup", Index: -1, Layer: policy.LayerCgroup, Err: err, Hint: "nothing else can hold " + strings.Join(only, ", ")})
	}
	return advised(&LaunchError{Op: "make the cgroup", Index: -1, Layer: policy.LayerCgroup, Err: err, Hint: "or go on without: --try cgroup"})
}

// input gathers what the plan is made from.
func (r *run) input() (*plan.Input, error) {
	f := r.facts
	if err := r.own(); err != nil {
		return nil, err
	}
	view, err := r.view()
	if err != nil {
		return nil, err
	}
	in := &plan.Input{
		Policy: r.roomForOneMore(), Facts: f, View: view,
		Argv: r.cmd.Args, Env: r.environment(),
		Listener: true, Twin: r.group != nil && r.group.IntoFD() >= 0,
	}
	in.LogDenials = r.landlog != nil
	in.Hold = len(r.cmd.CopyIns) > 0
	in.Filter = r.filter()
	in.InitFilter = seccomp.InitBytes()
	if r.group != nil {
		in.Procs = r.group.Joins()
	} else {
		in.Beside = r.tasksBeside()
	}
	in.Monotonic, in.Boottime = clocks()
	r.setBack = in.Boottime.Truncate(time.Second)
	in.CPUSet = r.mask()
	in.Sources, in.Named, in.Folders, in.Scratch = r.found.sources, r.found.named, r.found.folders, r.scratch
	if r.ids != nil {
		in.HostTarget, in.HostInit, in.Range = r.ids.target, r.ids.init, r.ids.count > 1
	}
	if err := r.lookAtMounts(in); err != nil {
		return nil, err
	}
	if err := r.layOut(in); err != nil {
		return nil, err
	}
	return in, r.mapSources(in.Sources)
}

// own takes what is this run's alone: its ids and its groups.
func (r *run) own() (err error) {
	if r.facts.Root {
		if r.ids, err = takeIDs(r.facts); err != nil {
			return err
		}
		if r.hasRange() {
			if err := r.ids.takeRange(r.facts, r.policy.ProgramID()); err != nil {
				return err
			}
		}
	}
	if err := r.makeGroup(); err != nil {
		return err
	}
	if !r.facts.Has(policy.LayerRootfs) {
		return r.makeScratch()
	}
	return nil
}

// filter is the program's seccomp filter.
func (r *run) filter() string { return r.variant().Bytes(seccomp.Options{Listener: true}) }

// rules is the table that the filter was made from.
func (r *run) rules() *seccomp.Rules { return r.variant().Rules() }

// variant is decided before the group's limits are, so that a group which the
// policy can do without is not relied upon to have a cpuset.
func (r *run) variant() seccomp.Variant {
	return seccomp.Variant{
		Shared:    r.shares(),
		NoNetwork: r.onHosts(policy.LayerNetNS),
		NoRoot:    r.onHosts(policy.LayerRootfs),
		NoPids:    r.onHosts(policy.LayerPidNS),
		NoIPC:     r.onHosts(policy.LayerIpcNS),
		Allow:     strings.Join(r.policy.Seccomp.Allow, " "),
		Watch:     r.cmd.Watch.depth(),
		Huge:      r.policy.Limits.HugeTLB != "" && r.group != nil,
		PinCores:  r.policy.Limits.Cores != "" && r.policy.Layers.Level(policy.LayerCgroup) != policy.Require,
	}
}

// onHosts says whether the host can't give a layer that the policy asks for.
func (r *run) onHosts(l policy.Layer) bool {
	return !r.facts.Has(l) && r.policy.Layers.Level(l) != policy.Off
}

// shares says whether a folder of the caller's is writable for the jail: without
// a root file system its own folder is one on the host.
func (r *run) shares() bool {
	if !r.facts.Has(policy.LayerRootfs) {
		return true
	}
	for i := range r.policy.Files {
		if r.policy.Files[i].Kind == policy.FileRW {
			return true
		}
	}
	return false
}

// clocks reads the clocks that a time namespace takes away.
func clocks() (mono, boot time.Duration) {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) == nil {
		mono = time.Duration(ts.Nano())
	}
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) == nil {
		boot = time.Duration(ts.Nano())
	}
	return mono, boot
}

// start writes the image, makes sockets and pipes, and starts the stage.
func (r *run) start(in *plan.Input) error {
	var theirs [2]int
	var err error
	if r.ctl, theirs[0], err = pair(); err != nil {
		return &LaunchError{Op: "make a socket", Index: -1, Err: err}
	}
	defer unix.Close(theirs[0])
	if r.tgt, theirs[1], err = pair(); err != nil {
		return &LaunchError{Op: "make a socket", Index: -1, Err: err}
	}
	defer unix.Close(theirs[1])
	_ = unix.SetsockoptInt(r.tgt, unix.SOL_SOCKET, unix.SO_PASSCRED, 1) // without it the target's pid is not known, and signals can't be forwarded
	net, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return &LaunchError{Op: "make a socket", Index: -1, Err: err}
	}
	defer unix.Close(net[0])
	defer unix.Close(net[1])
	std, err := r.streams()
	defer closeAll(std)
	if err != nil {
		return err
	}
	fds := []uintptr{uintptr(std[0]), uintptr(std[1]), uintptr(std[2]), uintptr(theirs[0]), r.lockFd(theirs[0]), uintptr(theirs[1]), r.twinFd(theirs[0]), uintptr(net[0]), uintptr(net[1])}
	for _, s := range in.Sources {
		if s.Fd >= 0 {
			fds = append(fds, uintptr(s.Fd))
		}
	}
	for _, n := range in.Named {
		fds = append(fds, uintptr(n.Fd))
	}
	for _, f := range in.Folders {
		if f.Fd >= 0 {
			fds = append(fds, uintptr(f.Fd))
		}
	}
	for _, fd := range in.LayerFds() {
		fds = append(fds, uintptr(fd))
	}
	return r.startStage(fds)
}

// lockFd and twinFd fill their descriptor's place with any other where there
// is none, so that the numbers stay.
func (r *run) lockFd(other int) uintptr {
	if s := r.layers.state; s != nil && s.Lock() != nil {
		return s.Lock().Fd()
	}
	if r.ids == nil {
		return uintptr(other)
	}
	return uintptr(r.ids.lock)
}

func (r *run) twinFd(other int) uintptr {
	if r.group == nil || r.group.IntoFD() < 0 {
		return uintptr(other)
	}
	return uintptr(r.group.IntoFD())
}

func closeAll(fds [3]int) {
	for _, fd := range fds {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

func writeHint(err error) string {
	switch {
	case errors.Is(err, unix.EFBIG):
		return "the caller's limit of file sizes holds for it too: raise it (ulimit -f)"
	case errors.Is(err, unix.EINVAL): // F_DUPFD to a number that RLIMIT_NOFILE forbids, fcntl(2)
		return shortageHint(unix.EMFILE)
	}
	return "vm.memfd_noexec=2 forbids executable memfds"
}

func (r *run) startStage(fds []uintptr) error {
	image, err := stage.Write(r.plan.Image(stage.Code()), stage.Above(fds))
	if err != nil {
		return &LaunchError{Op: "write the stage", Index: -1, Err: err, Hint: writeHint(err)}
	}
	defer unix.Close(image)
	start := stage.Start
	if r.cmd.HoldThread {
		start = stage.StartHere
	}
	r.stage, err = start(image, fds)
	r.reapHolder() // while the stage starts
	if err != nil {
		return &LaunchError{Op: "start the stage", Index: -1, Err: err, Hint: startHint(err)}
	}
	if err := r.loop.Add(r.ctl, watch.In, r.onCtl); err != nil {
		return err
	}
	if err := r.loop.Add(r.tgt, watch.In, r.onTarget); err != nil {
		return err
	}
	if err := r.watchStage(); err != nil {
		return err
	}
	if err := r.watchCores(); err != nil {
		return err
	}
	r.launch = r.loop.At(time.Now().Add(launchDeadline), r.tooSlow)
	r.buf = make([]byte, 4096+r.in.MountsSize())
	if w := r.cmd.Wake; w != nil {
		if err := r.loop.Add(w.Fd, watch.In, func(uint32) { w.Ready() }); err != nil {
			return err
		}
	}
	return r.sendGroups()
}

func startHint(err error) string {
	switch {
	case errors.Is(err, unix.EACCES):
		return memfdRefuser()
	case errors.Is(err, unix.EAGAIN):
		return "the limit of processes is reached (ulimit -u, pids.max)"
	}
	return ""
}

// sendGroups makes the groups' limits, while the stage is starting, and sends
// the target the descriptors by which it joins them. They wait in the socket.
func (r *run) sendGroups() error {
	if r.group == nil {
		return nil
	}
	if err := r.group.Complete(); err != nil {
		return r.noGroupError(err)
	}
	if err := r.watchOOM(); err != nil {
		return err
	}
	rights := unix.UnixRights(r.group.ProcsFDs()...)
	if err := unix.Sendmsg(r.tgt, []byte("groups\x00\x00"), rights, nil, 0); err != nil {
		return &LaunchError{Op: "send the groups", Index: -1, Err: err}
	}
	return nil
}

// release frees what the run holds of the supervisor's.
func (r *run) release() {
	if r.machine != nil {
		r.machine.ending.enter()
		defer r.machine.ending.leave()
	}
	for _, f := range r.closers {
		f()
	}
	r.closers = nil
	for _, fd := range []*int{&r.ctl, &r.tgt, &r.initFd, &r.stageFd, &r.inputEnd} {
		if *fd >= 0 {
			unix.Close(*fd)
			*fd = -1
		}
	}
	r.trees.close()
	r.reapHolder()
	r.ids.close()
	if r.group != nil {
		r.tellCleanup(r.group.Remove()) // what is left by an error here is jail gc's, by its name
		r.group.Close()
	}
	r.releaseCores()
	if r.loop != nil {
		r.loop.Close()
	}
}

// hasRange says whether the program's user namespace has all ids that a distribution
// gives: where it is root, and where it sees files of other owners that lie in folders
// of its own, since what no id stands for can be neither removed nor moved (EOVERFLOW).
func (r *run) hasRange() bool {
	return r.facts.UserNS && r.facts.Ranges > 0 && (r.policy.User == policy.UserRoot || needsLayers(r.policy))
}

// identity is who the program is inside.
func (r *run) identity() rootfs.Identity {
	id := rootfs.Identity{UID: r.policy.ProgramID(), GID: r.policy.ProgramID(), Hostname: r.policy.Hostname}
	if r.policy.User == policy.UserRoot {
		id.User, id.Group, id.Home = "root", "root", "/root"
	}
	return id
}

// view is the host's, with the run's own user in it.
func (r *run) view() (rootfs.View, error) {
	if r.layers.image != nil {
		v, err := r.imageView()
		if err != nil {
			return v, &LaunchError{Op: "make the view", Index: -1, Layer: policy.LayerRootfs, Err: err}
		}
		return v, nil
	}
	v, err := r.machine.view.With(r.identity())
	if err != nil {
		return v, &LaunchError{Op: "make the view", Index: -1, Layer: policy.LayerRootfs, Err: err}
	}
	if r.policy.View == policy.ViewNone {
		v = v.WithoutHost()
	}
	if !r.facts.Kernel.AtLeast(5, 11) {
		v = v.AsBinds()
	}
	return v, nil
}
