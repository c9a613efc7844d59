package plan

import (
	"strconv"
	"time"

	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// init is the second chapter: PID 1 takes its identity, builds what the
// target will see, forks it, gives everything up, and waits.
func (b *builder) init() {
	fail := b.NewLabel()
	b.Enter(tape.Init, fail)
	b.Here(b.initStart)
	b.beFirst()
	b.maps()
	if !b.freshProc() && b.layer(policy.LayerUserNS) {
		b.counters(b.setShared)
	}
	b.clocks()
	b.identity()
	b.descriptors()
	b.tree()
	b.joinNetwork()
	b.settings()
	b.hostname()
	b.fork()
	b.drop()
	b.wait()
	b.Here(fail)
	b.report(FdCtl)
}

// beFirst ends a launch that is not in a pid namespace of its own: init's end
// is to be everybody's.
func (b *builder) beFirst() {
	if !b.layer(policy.LayerPidNS) {
		return
	}
	pid := b.Var(8)
	b.Call("ask for init's pid", unix.SYS_GETPID).Into(pid)
	b.Call("check that it is 1", unix.SYS_FUTEX, uint64(pid), futexCmpRequeue|futexPrivate, 0, 0, uint64(b.scratchFutex()), 1).
		Because("only then does all that it leaves behind die with it")
}

// maps waits for the id maps that the supervisor writes, or writes the only
// ones that an ordinary user may (user_namespaces(7)).
func (b *builder) maps() {
	b.layer(policy.LayerUserNS)
	if !b.on(policy.LayerUserNS) {
		return
	}
	if b.in.Facts.Root {
		word := b.Var(8)
		b.Call("wait for the id maps", unix.SYS_READ, FdCtl, uint64(word), 8).Zero = b.initDead
		return
	}
	b.writeFile("/proc/self/setgroups", "deny").Because("without it a group that forbids could be dropped (CVE-2018-7169)")
	id := strconv.Itoa(b.in.Policy.ProgramID())
	b.writeFile("/proc/self/uid_map", id+" "+strconv.Itoa(b.in.Facts.UID)+" 1")
	b.writeFile("/proc/self/gid_map", id+" "+strconv.Itoa(b.in.Facts.GID)+" 1")
}

// writeFile opens, writes and closes a file of /proc.
func (b *builder) writeFile(path, text string) *tape.Op {
	fd := b.Var(8)
	b.Call("open "+path, unix.SYS_OPENAT, atFdcwd, b.CString(path), unix.O_WRONLY|unix.O_CLOEXEC, 0).Into(fd)
	b.Call("write "+path, unix.SYS_WRITE, uint64(fd), b.CString(text), uint64(len(text))).Loading(0)
	return b.Call("close "+path, unix.SYS_CLOSE, uint64(fd)).Loading(0)
}

// clocks moves the target into a time namespace in which the machine has just
// started. It comes before the ids change, while /proc/self is still ours.
func (b *builder) clocks() {
	if !b.layer(policy.LayerTimeNS) || !b.in.Facts.TimeNS {
		return
	}
	skip := b.NewLabel()
	miss := func(o *tape.Op) {
		if !b.require(policy.LayerTimeNS) {
			o.Neg = skip
		}
	}
	fd := b.Var(8)
	text := "monotonic " + offset(b.in.Monotonic) + "\nboottime " + offset(b.in.Boottime) + "\n"
	miss(b.Call("open timens_offsets", unix.SYS_OPENAT, atFdcwd, b.CString("/proc/self/timens_offsets"), unix.O_WRONLY|unix.O_CLOEXEC, 0).Into(fd))
	miss(b.Call("unshare the time namespace", unix.SYS_UNSHARE, unix.CLONE_NEWTIME).
		Because("the target, forked later, is born into it: uptime tells runs apart"))
	miss(b.Call("set the clocks back", unix.SYS_WRITE, uint64(fd), b.CString(text), uint64(len(text))).Loading(0))
	b.Here(skip)
	b.Call("close timens_offsets", unix.SYS_CLOSE, uint64(fd)).Loading(0).Soft()
}

// offset prints minus d, whole seconds, for timens_offsets (time_namespaces(7)).
func offset(d time.Duration) string {
	return "-" + strconv.FormatInt(int64(d/time.Second), 10) + " 0"
}

// identity makes init nobody in particular, and resets what is inherited.
func (b *builder) identity() {
	id := b.initID()
	b.layer(policy.LayerUserNS)
	if b.in.Facts.Root {
		b.Call("drop init's groups", unix.SYS_SETGROUPS, 0, 0)
	}
	if b.in.Facts.Root && !b.on(policy.LayerUserNS) {
		b.Call("keep capabilities over the change of uid", unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, secbitNoSetuidFixup).
			Because("in the host's user namespace leaving uid 0 would take them before the walls stand")
	}
	if gid := b.gid(id); b.changesIDs() {
		b.Call("set init's gid", unix.SYS_SETRESGID, gid, gid, gid)
		b.Call("set init's uid", unix.SYS_SETRESUID, id, id, id).
			Because("an unmapped fsuid makes the first mkdir fail with EOVERFLOW; capabilities stay, since 0 is not mapped")
	}
	if len(b.in.Layers) > 0 && b.in.Facts.Root {
		b.Call("make files as the target's group", unix.SYS_SETFSGID, b.targetID())
		b.Call("make files as the target", unix.SYS_SETFSUID, b.targetID()).
			Because("the layers show but the target's id: whose is not mapped there can make nothing (EOVERFLOW)")
	}
	if b.in.Facts.Blind && b.on(policy.LayerUserNS) {
		b.Call("stay dumpable", unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1).
			Because("a change of uid ends it, and the stage, root without CAP_SYS_PTRACE, enters init's user namespace beside it (setns(2))")
	}
	b.InLayer("")
	if !b.layer(policy.LayerPidNS) {
		b.Call("adopt orphans", unix.SYS_PRCTL, unix.PR_SET_CHILD_SUBREAPER, 1).Because("without a pid namespace they would be the host's")
	}
	b.Call("die with the supervisor", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uint64(unix.SIGKILL)).
		Because("after the ids, which clear it")
	ctl := b.Var(8)
	b.SetVar(ctl, FdCtl|unix.POLLRDHUP<<32)
	alive := b.Call("check that the supervisor lives", unix.SYS_PPOLL, uint64(ctl), 1, b.noTime(), 0, 0)
	alive.Pos = b.initDead
	if b.layer(policy.LayerKeyring) {
		o := b.Call("join a new session keyring", unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0).
			Because("keys of the caller's session are reachable by any process in it (CVE-2016-0728)")
		if !b.require(policy.LayerKeyring) {
			o.Soft() // an outer container's filter may refuse it; the read-back tells
		}
	}
	b.InLayer("")
	b.Call("name the process", unix.SYS_PRCTL, unix.PR_SET_NAME, b.CString("jail-init")).Because("ps would show the image's descriptor")
	b.Call("start a session", unix.SYS_SETSID).Because("no controlling terminal to push input into (CVE-2017-5226)").Soft()
	b.signals()
	b.Call("reset personality", unix.SYS_PERSONALITY, 0).Because("ADDR_NO_RANDOMIZE of a parent would turn ASLR off")
	b.Call("reset the timer slack", unix.SYS_PRCTL, unix.PR_SET_TIMERSLACK, timerSlack).
		Because("a supervisor's thread may have its own: a program's timers would be late by it")
	if b.in.Facts.Nice < 0 {
		b.Call("reset nice", unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, 0).Soft()
	}
	if b.in.CPUSet != nil {
		b.Call("bind to cores", unix.SYS_SCHED_SETAFFINITY, 0, uint64(len(b.in.CPUSet)), b.Const(b.in.CPUSet))
	}
	b.Call("clear umask", unix.SYS_UMASK, 0).Because("with 022 /dev/shm would be 0755, and multiprocessing fails")
}

// signals resets every disposition: ignored signals survive execve.
func (b *builder) signals() {
	zero := b.Words(0, 0, 0, 0)
	for n := 1; n <= 64; n++ {
		if n == int(unix.SIGKILL) || n == int(unix.SIGSTOP) {
			continue
		}
		b.Call("reset a signal's action", unix.SYS_RT_SIGACTION, uint64(n), zero, 0, 8)
	}
	b.Call("block all signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, b.Words(^uint64(0)), 0, 8).
		Because("init reads SIGCHLD from a descriptor")
}

// descriptors makes what init polls, while the numbers are still known.
func (b *builder) descriptors() {
	b.released, b.children, b.pid, b.stagingD = b.Var(8), b.Var(8), b.Var(8), b.Var(8)
	b.SetVar(b.pid, noPid)
	b.Call("make the gate of the target", unix.SYS_EVENTFD2, 0, unix.EFD_CLOEXEC).Into(b.released)
	b.Call("watch children", unix.SYS_SIGNALFD4, ^uint64(0), b.Words(1<<(unix.SIGCHLD-1)), 8, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK).Into(b.children)
	if w := b.in.Policy.Limits.Wall; w > 0 {
		b.backstop = b.Var(8)
		b.Call("make the wall backstop", unix.SYS_TIMERFD_CREATE, unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK).Into(b.backstop)
		w += backstopGrace
		spec := b.Words(0, 0, uint64(w/time.Second), uint64(w%time.Second))
		b.Call("arm the wall backstop", unix.SYS_TIMERFD_SETTIME, uint64(b.backstop), 0, spec, 0).Loading(0).
			Because("a supervisor that is stopped enforces nothing")
	}
}

// backstopGrace lets the supervisor, which says why, come first.
const backstopGrace = time.Second

func (b *builder) hostname() {
	if b.layer(policy.LayerUtsNS) {
		h := b.in.Policy.Hostname
		b.Call("set the host name", unix.SYS_SETHOSTNAME, b.CString(h), uint64(len(h)))
		b.Call("clear the domain name", unix.SYS_SETDOMAINNAME, b.CString(""), 0)
	}
}

// fork makes init undumpable only now: the stage enters its user namespace
// beside it, which takes the right to look into init (setns(2)), and that an
// ordinary user has over dumpable processes alone.
func (b *builder) fork() {
	b.layer(policy.LayerPidNS)
	b.Call("make init undumpable", unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0).
		Because("no process of the jail may open /proc/1 (CVE-2016-9962, CVE-2019-5736)")
	b.InLayer("")
	b.Call("fork the target", unix.SYS_CLONE, uint64(unix.SIGCHLD), 0, 0, 0, 0).Into(b.pid).
		Because("a plain fork: a shared memory would share result slots and credentials' side effects").Zero = b.targetStart
}

// drop takes every privilege from init before the target may go on.
func (b *builder) drop() {
	b.InLayer("")
	b.Call("close the program's streams", unix.SYS_CLOSE_RANGE, 0, 2, 0).Because("their end of file must be the program's")
	b.Call("close the target's socket and the sources", unix.SYS_CLOSE_RANGE, FdTarget, b.firstFree()-1, 0)
	b.Call("close what was opened while building", unix.SYS_CLOSE_RANGE, b.firstFree()+b.kept(), maxFd, 0)
	if b.layer(policy.LayerCapabilities) {
		b.bounding(0)
	}
	b.caps(0)
	b.layer(policy.LayerNoNewPrivs)
	b.Call("set init's no_new_privs", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if b.layer(policy.LayerSeccomp) && len(b.in.InitFilter) > 0 {
		b.Call("filter init's calls", unix.SYS_SECCOMP, seccompSetModeFilter, 0, b.program(b.in.InitFilter)).
			Because("pid 1 needs eleven calls")
	}
	b.InLayer("")
	b.Call("let the target go", sysWrite, uint64(b.released), b.Words(1), 8).Loading(0)
}

// kept counts the descriptors of b.descriptors, which follow the passed ones.
func (b *builder) kept() uint64 {
	if b.backstop != 0 {
		return 3
	}
	return 2
}

// bounding empties the bounding set, but for what is kept.
func (b *builder) bounding(kept uint64) {
	for c := 0; c <= b.in.Facts.LastCap; c++ {
		if kept>>c&1 != 0 {
			continue
		}
		o := b.Call("drop a capability from the bounding set", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uint64(c))
		if !b.privileged() {
			o.Soft()
		}
	}
}

// privileged says whether CAP_SETPCAP is held: by every process in a user
// namespace of its own, and by root.
func (b *builder) privileged() bool { return b.on(policy.LayerUserNS) || b.in.Facts.Root }

// caps empties all capability sets, but for what is kept: struct __user_cap_data_struct
// has 32 bits of each of the three sets, and then the others.
func (b *builder) caps(kept uint64) {
	low, high := kept&maxFd, kept>>32
	step := "clear all capability sets"
	if kept != 0 {
		step = "clear all capability sets but what is kept"
	}
	b.Call(step, unix.SYS_CAPSET, b.Words(unix.LINUX_CAPABILITY_VERSION_3), b.Words(low|low<<32, high<<32, high)).
		Because("inheritable too (CVE-2022-24769)")
}

// program lays out struct sock_fprog.
func (b *builder) program(filter string) uint64 {
	return b.Words(uint64(len(filter)/8), b.ConstText(filter))
}

// forever is no bound of a ppoll(2). Plain poll(2) is none of arm64's calls.
const forever = 0

// noTime has a ppoll(2) come back at once.
func (b *builder) noTime() uint64 { return b.Words(0, 0) }

// wait is init's life: reap every child, end with the target, with the
// supervisor, or at the backstop. It reads nothing of the target's but wait
// statuses.
func (b *builder) wait() {
	loop, drain, reap, done, idle := b.NewLabel(), b.NewLabel(), b.NewLabel(), b.NewLabel(), b.NewLabel()
	died := b.Var(diedSize)
	b.SetVar(died, MsgDied)
	got := b.Var(8)
	buf := b.Var(128)
	fds, n := b.pollSet()

	b.InLayer("")
	b.Here(loop)
	b.Call("wait for a child, the supervisor or the backstop", unix.SYS_PPOLL, uint64(fds), n, forever, 0, 0).Or(loop)
	b.Here(drain)
	b.Call("read the child signal", unix.SYS_READ, uint64(b.children), uint64(buf), 128).Loading(0).Or(reap).Pos = drain
	b.Here(reap)
	o := b.Call("reap", unix.SYS_WAIT4, ^uint64(0), uint64(died+8), unix.WNOHANG, 0).Into(got)
	w := b.initDead
	if !b.on(policy.LayerPidNS) {
		w = b.NewLabel()
	}
	o.Neg, o.Zero = w, idle
	is := b.Call("is it the target?", unix.SYS_FUTEX, uint64(got), futexCmpRequeue|futexPrivate, 0, 0, uint64(b.scratchFutex()), uint64(b.pid)).Loading(5)
	is.Neg, is.Zero, is.Pos = reap, done, done
	b.Here(idle)
	end := b.Call("has the supervisor gone, or the time run out?", unix.SYS_PPOLL, uint64(fds+8), n-1, b.noTime(), 0, 0).Or(loop)
	end.Zero, end.Pos = loop, b.initDead
	b.Here(done)
	b.Call("note when", unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uint64(died+24)).Soft().
		Because("a supervisor that was stopped, or had no core, hears of it late: a limit of time may have passed since")
	if b.on(policy.LayerPidNS) {
		b.endNamespace(died)
	} else {
		b.endStrays(died, reap, w)
	}
}

// endNamespace ends with the target. Mostly nobody is left then, and the
// supervisor, told so, can settle accounts while this process takes the
// namespaces down. Who is left dies with it.
func (b *builder) endNamespace(died tape.Addr) {
	if b.in.Procs > 0 { // without groups the accounts are this process's own, which its end settles
		rest := b.NewLabel()
		b.Here(rest)
		b.Call("is anybody left?", unix.SYS_WAIT4, ^uint64(0), 0, unix.WNOHANG, 0).Into(died + 16).Soft().Pos = rest
	}
	b.Call("report the target's end", sysWrite, FdCtl, uint64(died), diedSize).Soft()
	b.Here(b.initDead)
	b.Call("exit, and the namespace with it", sysExitGroup, 0).
		Because("the kernel kills all that is left in it (pid_namespaces(7)), whom pid 1 may have no right to signal")
}

// diedSize is MsgDied: tag, wait status, the last wait4's result, -ECHILD when
// all others are dead, and a timespec: when the target was reaped.
const diedSize = 40

// endStrays tells the target's end at once, where there is no pid namespace:
// the supervisor kills what is left, and init goes when the last has gone.
func (b *builder) endStrays(died tape.Addr, reap, empty tape.Label) {
	o := b.Call("report the target's end", sysWrite, FdCtl, uint64(died), diedSize)
	o.Neg, o.Zero, o.Pos = reap, reap, reap
	b.Here(b.initDead)
	b.Call("kill the target", unix.SYS_KILL, uint64(b.pid), uint64(unix.SIGKILL)).Loading(0).Soft().
		Because("without a pid namespace -1 would be every process of the user's")
	b.Here(empty)
	b.Call("exit", sysExitGroup, 0)
}

// scratchFutex is a second word for FUTEX_CMP_REQUEUE, on which nobody waits:
// the call is used to compare two words.
func (b *builder) scratchFutex() tape.Addr { return b.Var(8) }

const futexCmpRequeue = 4 // FUTEX_CMP_REQUEUE, futex(2)

// pollSet lays out struct pollfd for the children's signals, the supervisor
// and the backstop. The numbers are known: see kept.
func (b *builder) pollSet() (tape.Addr, uint64) {
	first := b.firstFree() + 1 // after the gate
	words := []uint64{first | unix.POLLIN<<32, FdCtl | unix.POLLRDHUP<<32}
	if b.backstop != 0 {
		words = append(words, (first+1)|unix.POLLIN<<32)
	}
	a := b.Var(8 * len(words))
	b.SetVar(a, words...)
	return a, uint64(len(words))
}

const (
	atFdcwd              = 0xffffffffffffff9c // AT_FDCWD
	seccompSetModeFilter = 1
	secbitNoSetuidFixup  = 4       // SECBIT_NO_SETUID_FIXUP, capabilities(7)
	timerSlack           = 50_000  // ns; the kernel's default, PR_SET_TIMERSLACK in prctl(2)
	noPid                = 1 << 30 // above every pid: to kill 0 would be the supervisor's process group
)
