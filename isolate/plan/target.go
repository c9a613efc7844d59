package plan

import (
	"github.com/jailrun/jail/isolate/host"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// target is the last chapter: the process that becomes the program gives up
// one privilege after the other, each while it still has what giving it up
// takes, says what it sees of itself, and executes.
func (b *builder) target() {
	fail := b.NewLabel()
	b.Enter(tape.Target, fail)
	b.Here(b.targetStart)
	b.outset()
	b.rlimits()
	b.groups()
	b.privileges()
	b.userIDs()
	b.noCapsAtAll()
	b.noWayBack()
	b.sealDescriptors()
	b.workDir()
	b.ownMounts()
	if b.layer(policy.LayerNoNewPrivs) {
		b.Call("set no_new_privs", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0).
			Because("before seccomp and Landlock, which need it (CVE-2021-4034)")
	}
	b.landlock()
	b.hardware()
	b.limitFiles()
	b.readBack()
	b.gate(fail)
	b.filter()
	b.exec()
	b.Here(fail)
	b.report(FdTarget)
}

// gate waits until init has dropped its privileges. It comes as late as it may,
// so that the two give up theirs side by side.
func (b *builder) gate(fail tape.Label) {
	b.InLayer("")
	if !b.on(policy.LayerPidNS) {
		b.gateOfOrphan(fail)
	}
	b.Call("wait until init has dropped its privileges", unix.SYS_READ, uint64(b.released), uint64(b.Var(8)), 8).Loading(0).
		Because("before the first untrusted byte")
}

// gateOfOrphan ends a target whose init has died before it could say that it is
// to die with it: no pid namespace ends it then. The supervisor is gone too, or
// closes its socket when it learns of init's end.
func (b *builder) gateOfOrphan(fail tape.Label) {
	fds := b.Var(16)
	b.SetVar(fds, b.firstFree()|unix.POLLIN<<32, FdTarget|unix.POLLRDHUP<<32)
	b.Call("wait for init or the supervisor's end", unix.SYS_PPOLL, uint64(fds), 2, forever, 0, 0)
	b.Call("check that the supervisor lives still", unix.SYS_PPOLL, uint64(fds+8), 1, b.noTime(), 0, 0).Pos = fail
}

// outset leaves init's session.
func (b *builder) outset() {
	b.InLayer("")
	b.Call("start a session of its own", unix.SYS_SETSID)
	if !b.on(policy.LayerPidNS) { // in one it does
		b.Call("die with init", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uint64(unix.SIGKILL))
	}
	b.oomScore()
}

// oomScore makes the target the one to die when memory runs out. The file is
// writable by its owner only while the process is dumpable; no untrusted
// process exists yet.
func (b *builder) oomScore() {
	fd := b.Var(8)
	next := b.NewLabel()
	b.Call("be dumpable for one file", unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1)
	b.Call("open oom_score_adj", unix.SYS_OPENAT, atFdcwd, b.CString("/proc/self/oom_score_adj"), unix.O_WRONLY|unix.O_CLOEXEC, 0).Into(fd).Or(next)
	b.Call("raise oom_score_adj", unix.SYS_WRITE, uint64(fd), b.CString("500"), 3).Loading(0).Soft().
		Because("init and the supervisor, which say why, outlive it")
	b.Here(next)
}

// groups joins the groups that the supervisor has made meanwhile. Writing 0
// from inside is three times cheaper than being moved from outside.
func (b *builder) groups() {
	b.layer(policy.LayerCgroup)
	if n := b.in.Procs; n > 0 {
		hdr, fds := b.inbox(n)
		b.Call("wait for the groups", unix.SYS_RECVMSG, FdTarget, hdr, unix.MSG_CMSG_CLOEXEC)
		zero := b.CString("0")
		for i := range n {
			b.Call("join a group", unix.SYS_WRITE, uint64(fds)+uint64(4*i), zero, 1).Loading(0).Into(b.seen + tape.Addr(SeenJoined+8*i)).
				Because("or the launch begins anew without groups, where the policy lets it: then rlimits are made for that")
		}
	}
	if b.layer(policy.LayerCgroupNS) {
		o := b.Call("unshare the cgroup namespace", unix.SYS_UNSHARE, unix.CLONE_NEWCGROUP).
			Because("after the groups are joined, so that /proc/self/cgroup shows /")
		if !b.require(policy.LayerCgroupNS) {
			o.Soft()
		}
	}
}

// Securebits: root is no more than any uid, for good, capabilities(7).
const Securebits = 0x2f // NOROOT, NO_SETUID_FIXUP, both locked, and KEEP_CAPS locked

// RootSecurebits are those of a program that is root inside: uid 0 means what it
// always did there, within its bounding set, for good, and nothing is passed on to
// another uid's programs.
const RootSecurebits = 0xea // NOROOT, NO_SETUID_FIXUP and KEEP_CAPS off, NO_CAP_AMBIENT_RAISE on, all locked

func (b *builder) privileges() {
	if !b.layer(policy.LayerCapabilities) {
		return
	}
	b.bounding(b.in.Keeps())
	bits := b.Call("lock securebits", unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, securebitsOf(b.in.Policy.User)).Because("needs CAP_SETPCAP, which the uid takes")
	if !b.privileged() {
		bits.Soft()
	}
	if !b.on(policy.LayerUserNS) { // which begins with none
		b.Call("clear the ambient set", unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	}
}

func securebitsOf(u policy.User) uint64 {
	if u == policy.UserRoot {
		return RootSecurebits
	}
	return Securebits
}

func (b *builder) userIDs() {
	b.layer(policy.LayerUserNS)
	if b.in.Facts.Root {
		b.Call("drop all groups", unix.SYS_SETGROUPS, 0, 0)
	}
	if uid := b.targetID(); b.changesIDs() {
		gid := b.gid(uid)
		b.Call("set gid", unix.SYS_SETRESGID, gid, gid, gid)
		b.Call("set uid", unix.SYS_SETRESUID, uid, uid, uid)
	}
	b.InLayer("")
	b.Call("die with init still", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uint64(unix.SIGKILL)).Because("a change of ids clears it")
	b.Call("set umask", unix.SYS_UMASK, 0o022)
	b.Call("be undumpable again", unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0).
		Because("a change of ids sets it to what fs.suid_dumpable says (proc_sys_fs(5))")
}

// noWayBack proves that root can't be regained. It comes when the capabilities
// are gone: with them it would only show that id 0 isn't mapped.
func (b *builder) noWayBack() {
	if b.in.Policy.User == policy.UserRoot {
		return // it is root already, of its own user namespace
	}
	b.InLayer("")
	regained, skip := b.NewLabel(), b.NewLabel()
	o := b.Call("try to become root again", unix.SYS_SETRESUID, 0, 0, 0)
	o.Because("it must fail")
	o.Neg, o.Zero, o.Pos = tape.Next, regained, regained
	b.Call("go on", unix.SYS_GETPID).Pos = skip
	b.Here(regained)
	b.Call("see that root could be regained", unix.SYS_CLOSE, maxFd).Because("it fails, and so names this step in the report").Soft()
	b.report(FdTarget)
	b.Here(skip)
}

func (b *builder) noCapsAtAll() {
	if b.layer(policy.LayerCapabilities) {
		b.caps(b.in.Keeps())
	}
}

// sealDescriptors lets execve close all but the three streams.
func (b *builder) sealDescriptors() {
	b.InLayer("")
	if !b.marksRanges() {
		b.sealEach()
		return
	}
	b.Call("close all descriptors on exec", unix.SYS_CLOSE_RANGE, 3, maxFd, unix.CLOSE_RANGE_CLOEXEC).
		Because("a leaked directory is a way out (CVE-2024-21626)")
}

// workDir enters the working directory as the target's own user, and checks
// that it lies below the root.
func (b *builder) workDir() {
	b.InLayer("")
	dir := b.in.Policy.Chdir
	if b.in.Scratch != "" && dir == boxDir {
		dir = b.in.Scratch + boxDir
	}
	b.Call("enter "+dir, unix.SYS_CHDIR, b.CString(dir))
	if !b.on(policy.LayerRootfs) {
		return
	}
	buf := b.Var(4104) // PATH_MAX after the three bytes that align the first
	b.Call("ask for the working directory", unix.SYS_GETCWD, uint64(buf)+3, 4096)
	b.Call("check that it begins with /", unix.SYS_FUTEX, uint64(buf), futexCmpRequeue|futexPrivate, 0, 0, uint64(b.scratchFutex()), '/'<<24).
		Because("(unreachable) is what a directory outside the root is called, getcwd(3)")
}

func (b *builder) rlimits() {
	if !b.layer(policy.LayerRlimits) {
		return
	}
	for _, r := range Rlimits(b.in) {
		if r.Resource == unix.RLIMIT_NOFILE {
			continue // it comes when the last descriptor is open
		}
		b.limit(r)
	}
}

// limitFiles sets the limit of open files, which the launch's own would exceed,
// and makes room below it for the two that are still to come.
func (b *builder) limitFiles() {
	b.InLayer("")
	if b.marksRanges() { // else they are closed by now
		b.Call("close init's descriptors", unix.SYS_CLOSE_RANGE, FdCtl, FdLock, 0).Because("the lock on the ids is init's to hold, and low numbers are wanted when few are allowed")
		b.Call("close what was the stage's", unix.SYS_CLOSE_RANGE, FdTwin, FdNetStage, 0)
	}
	if !b.layer(policy.LayerRlimits) {
		return
	}
	for _, r := range Rlimits(b.in) {
		if r.Resource == unix.RLIMIT_NOFILE {
			b.limit(r)
		}
	}
}

func (b *builder) limit(r Rlimit) {
	b.Call("limit "+r.Name, unix.SYS_PRLIMIT64, 0, uint64(r.Resource), b.Words(r.Soft, r.Hard), 0)
}

func (b *builder) hardware() {
	b.InLayer("")
	h := b.in.Policy.Hardware
	if b.in.Policy.Profile == policy.ProfileWXDeny {
		b.Call("deny writable and executable memory", unix.SYS_PRCTL, prSetMDWE, mdweRefuseExecGain, 0, 0, 0)
	}
	if h.SpeculationControl {
		for _, what := range [...]uint64{unix.PR_SPEC_STORE_BYPASS, unix.PR_SPEC_INDIRECT_BRANCH} {
			b.Call("disable speculation", unix.SYS_PRCTL, unix.PR_SET_SPECULATION_CTRL, what, unix.PR_SPEC_FORCE_DISABLE, 0, 0).Soft()
		}
	}
	if h.CoreScheduling {
		b.Call("take a core scheduling cookie", unix.SYS_PRCTL, unix.PR_SCHED_CORE, unix.PR_SCHED_CORE_CREATE, 0, 0, 0).Soft()
	}
}

// readBack asks the kernel what is in force for this very process. It is sent
// with the filter's listener, before any untrusted byte has run.
func (b *builder) readBack() {
	b.InLayer("")
	at := func(off int) tape.Addr { return b.seen + tape.Addr(off) }
	ask := func(step string, nr uintptr, args ...uint64) *tape.Op {
		return b.Call("read back "+step, nr, args...).Soft()
	}
	b.SetVar(b.seen, MsgSeen)
	b.unread(at)
	ask("no_new_privs", unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0).Into(at(SeenNoNewPrivs))
	ask("securebits", unix.SYS_PRCTL, unix.PR_GET_SECUREBITS).Into(at(SeenSecurebits))
	if b.in.Facts.Root { // an ordinary user's can't be dropped
		ask("groups", unix.SYS_GETGROUPS, 0, 0).Into(at(SeenGroups))
	}
	ask("the session keyring", unix.SYS_KEYCTL, unix.KEYCTL_GET_KEYRING_ID, keySpecSession, 0).Into(at(SeenKeyring))
	ask("the user's default session keyring", unix.SYS_KEYCTL, unix.KEYCTL_GET_KEYRING_ID, keySpecUserSession, 0).Into(at(SeenUserKeys))
	ask("the boot clock", unix.SYS_CLOCK_GETTIME, unix.CLOCK_BOOTTIME, uint64(at(SeenBoottime)))
	ask("capabilities", unix.SYS_CAPGET, b.Words(unix.LINUX_CAPABILITY_VERSION_3), uint64(at(SeenCaps)))
	b.readBounding(at(SeenBound))
	ask("uids", unix.SYS_GETRESUID, uint64(at(SeenUIDs)), uint64(at(SeenUIDs)+4), uint64(at(SeenUIDs)+8))
	ask("gids", unix.SYS_GETRESGID, uint64(at(SeenGIDs)), uint64(at(SeenGIDs)+4), uint64(at(SeenGIDs)+8))
	for i, n := range host.Namespaces {
		ask("the "+n+" namespace", unix.SYS_READLINKAT, atFdcwd, b.CString("/proc/self/ns/"+n), uint64(at(SeenNS+i*NSText)), NSText-1)
	}
	for i := range host.NumRlimits {
		ask("a resource limit", unix.SYS_PRLIMIT64, 0, uint64(i), 0, uint64(at(SeenRlimits+16*i)))
	}
	ask("the root file system", unix.SYS_STATFS, b.CString("/"), uint64(at(SeenRootFS)))
	if b.in.Policy.Profile == policy.ProfileWXDeny {
		ask("memory protection", unix.SYS_PRCTL, prGetMDWE, 0, 0, 0, 0).Into(at(SeenMDWE))
	}
}

// unread fills in what zero would prove, so that a question that is not asked
// proves nothing.
func (b *builder) unread(at func(int) tape.Addr) {
	const unread = uint64(1) << 63 // Unread, as a word
	for _, off := range [...]int{SeenGroups, SeenKeyring, SeenUserKeys, SeenCaps, SeenCaps + 8, SeenCaps + 16} {
		b.SetVar(at(off), unread)
	}
	b.SetVar(at(SeenBoottime), 1<<31) // seconds: an uptime of 68 years
	for i := range 2 * host.NumRlimits {
		b.SetVar(at(SeenRlimits+8*i), unread)
	}
}

// readBounding asks for each capability whether it is in the bounding set: the
// word at is zero only when the last has been asked for and none was there, but for
// what the program is to have.
func (b *builder) readBounding(at tape.Addr) {
	kept, keeps := b.NewLabel(), b.in.Keeps()
	b.SetVar(at, 1)
	for c := 0; c <= b.in.Facts.LastCap; c++ {
		if keeps>>c&1 != 0 {
			continue
		}
		o := b.Call("read back the bounding set", unix.SYS_PRCTL, unix.PR_CAPBSET_READ, uint64(c)).Soft()
		o.Pos = kept
		if c == b.in.Facts.LastCap {
			o.Into(at)
		}
	}
	b.Here(kept)
}

// filter installs the seccomp program as the last step but the hand-over of
// its listener, and execve.
func (b *builder) filter() {
	b.InLayer("")
	if countsStage(b.in) {
		b.Call("wait until the stage is reaped", unix.SYS_READ, FdTarget, uint64(b.Var(8)), 8).
			Because("as a zombie it would count as one of the program's processes")
	}
	b.Call("unblock all signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, b.Words(0), 0, 8)
	hdr, listener := b.seenMessage()
	if b.layer(policy.LayerSeccomp) {
		o := b.Call("filter system calls", unix.SYS_SECCOMP, seccompSetModeFilter, b.filterFlags(), b.program(b.in.Filter)).
			Because("last, so that no step before it has to be allowed")
		if b.in.Listener {
			o.Into(listener)
		}
	}
	b.Call("read back seccomp", unix.SYS_PRCTL, unix.PR_GET_SECCOMP, 0, 0, 0, 0).Soft().Into(b.seen + tape.Addr(SeenSeccomp))
	b.InLayer("")
	b.Call("send what was read back", unix.SYS_SENDMSG, FdTarget, hdr, 0).
		Because("one message: each wakes the supervisor, and there may be but two cores")
	if b.listens() {
		b.Call("close the listener", unix.SYS_CLOSE, uint64(listener)).Loading(0)
	}
	if b.in.Waits() {
		b.Call("wait for the supervisor", unix.SYS_READ, FdTarget, uint64(b.Var(8)), 8)
	}
}

// Waits says whether the target waits before it is executed, until the supervisor has
// looked at it from outside, or has put its files in.
func (in *Input) Waits() bool { return in.Hold || in.Policy.Verify == policy.VerifyFull }

// listens says whether the filter has a listener to hand over.
func (b *builder) listens() bool { return b.in.Listener && b.on(policy.LayerSeccomp) }

// filterFlags has a call that the supervisor has heard of wait through signals,
// where the kernel can (Linux 5.19): interrupted, it would be made again, and
// counted twice.
func (b *builder) filterFlags() uint64 {
	switch {
	case !b.in.Listener:
		return 0
	case b.in.Facts.Kernel.AtLeast(5, 19):
		return unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	}
	return unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
}

// seenMessage lays out the message of the read-back. With it go the directory
// of the quota, where there is one, that of a root that is an overlay, and the
// listener. A result is stored in eight bytes, so each comes over the upper half
// of the one before.
func (b *builder) seenMessage() (hdr uint64, listener tape.Addr) {
	n := 0
	ctl := b.Var(40)
	root := tape.Addr(0)
	if b.in.Rooted() {
		root = b.baseD
	}
	for _, dir := range [...]struct {
		what string
		fd   tape.Addr
	}{{"the quota", b.box}, {"the root", root}} {
		if dir.fd != 0 {
			b.Call("take "+dir.what+" along", unix.SYS_FCNTL, uint64(dir.fd), unix.F_DUPFD_CLOEXEC, 0).Loading(0).Into(ctl + 16 + tape.Addr(4*n))
			n++
		}
	}
	listener = ctl + 16 + tape.Addr(4*n)
	if b.listens() {
		n++
	}
	b.SetVar(ctl, uint64(16+4*n), unix.SOL_SOCKET|unix.SCM_RIGHTS<<32)
	iov, parts := b.seenParts()
	if n == 0 {
		return b.Words(0, 0, iov, parts, 0, 0, 0), listener
	}
	return b.Words(0, 0, iov, parts, uint64(ctl), uint64(16+4*n+7)&^7, 0), listener
}

// exec tries each place where the program may be. Success is seen as the close
// of the target's socket; a failure sends every result.
func (b *builder) exec() {
	b.InLayer("")
	b.candidates = candidates(b.in)
	argv, envp := b.Strings(b.in.Argv), b.Strings(b.in.Env)
	n := len(b.candidates)
	miss := b.Var(8 + 16*n)
	b.SetVar(miss, MsgMiss)
	paths := make([]uint64, n)
	for i, c := range b.candidates {
		paths[i] = b.CString(c)
		b.Call("execve "+c, unix.SYS_EXECVE, paths[i], argv, envp).Into(miss + tape.Addr(8+16*i)).Soft()
	}
	for i, p := range paths {
		b.Call("is it there?", unix.SYS_FACCESSAT, atFdcwd, p, 0).Into(miss + tape.Addr(16+16*i)).Soft()
	}
	b.Call("report that nothing could be executed", sysWrite, FdTarget, uint64(miss), uint64(8+16*n))
	b.Call("exit", sysExitGroup, 127)
}

const (
	boxDir             = "/box"
	futexPrivate       = 128 // FUTEX_PRIVATE_FLAG
	prSetMDWE          = 65  // PR_SET_MDWE, Linux 6.3
	prGetMDWE          = 66
	mdweRefuseExecGain = 1
	keySpecSession     = 0xfffffffffffffffd // KEY_SPEC_SESSION_KEYRING
	keySpecUserSession = 0xfffffffffffffffb // KEY_SPEC_USER_SESSION_KEYRING
)
