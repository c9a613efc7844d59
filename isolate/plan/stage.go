package plan

import (
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// stage is the first chapter: the process that the supervisor starts clones
// PID 1 of the jail as the supervisor's own child, hands over its pidfd, makes
// the network namespace while init builds the root, and is gone.
func (b *builder) stage() {
	fail := b.NewLabel()
	b.Enter(tape.Stage, fail)
	b.InLayer("")
	b.Call("close leaked descriptors", unix.SYS_CLOSE_RANGE, b.firstFree(), maxFd, 0).
		Because("whatever the supervisor's parent left open must reach nobody, and the numbers that follow are known (CVE-2024-21626)")
	msg, pid := b.fdMessage(MsgBorn)
	b.layer(policy.LayerUserNS)
	born := b.bear(msg.fd).Into(pid)
	born.Because("CLONE_PARENT: init is the supervisor's child, so PDEATHSIG and waitid on its pidfd hold")
	born.Zero = b.initStart
	b.InLayer("")
	b.Call("hand over init's pidfd", unix.SYS_SENDMSG, FdCtl, uint64(msg.hdr), 0)
	b.makeNetwork(msg.fd)
	b.InLayer("")
	b.Call("exit", sysExitGroup, 0)
	b.Here(fail)
	b.report(FdCtl)
}

func (b *builder) firstFree() uint64 {
	n := FirstFree
	for _, s := range b.in.Sources {
		if s.Fd >= 0 {
			n++
		}
	}
	return uint64(n + len(b.in.Named) + b.passedFolders() + b.in.passedLayers())
}

// bear clones init. The old call has no room for a group to be born into, which
// is left to the supervisor there.
func (b *builder) bear(pidfd tape.Addr) *tape.Op {
	const step = "clone pid 1 into its namespaces"
	if b.in.Facts.NoClone {
		return b.Call(step, unix.SYS_CLONE, b.cloneFlags(), 0, uint64(pidfd), 0, 0)
	}
	return b.Call(step, unix.SYS_CLONE3, b.cloneArgs(pidfd), cloneArgsSize)
}

func (b *builder) cloneFlags() uint64 {
	flags := uint64(unix.CLONE_PARENT | unix.CLONE_PIDFD)
	for _, n := range cloned {
		if b.on(n.layer) {
			flags |= n.flag
		}
	}
	return flags
}

// cloneArgs lays out struct clone_args, clone(2).
func (b *builder) cloneArgs(pidfd tape.Addr) uint64 {
	flags := b.cloneFlags()
	twin := uint64(0)
	if b.in.Twin {
		flags |= unix.CLONE_INTO_CGROUP
		twin = FdTwin
	}
	return b.Words(flags, uint64(pidfd), 0, 0, 0, 0, 0, 0, 0, 0, twin)
}

const cloneArgsSize = 88

// cloned are the namespaces that init is born into. The network namespace is
// made beside it, the cgroup namespace comes when the target has joined its
// groups, the time namespace before it is forked.
var cloned = [...]struct {
	layer policy.Layer
	flag  uint64
}{
	{policy.LayerUserNS, unix.CLONE_NEWUSER},
	{policy.LayerMntNS, unix.CLONE_NEWNS},
	{policy.LayerPidNS, unix.CLONE_NEWPID},
	{policy.LayerIpcNS, unix.CLONE_NEWIPC},
	{policy.LayerUtsNS, unix.CLONE_NEWUTS},
}

// fdMsg is a message that carries one descriptor.
type fdMsg struct{ hdr, fd tape.Addr }

// fdMessage lays out a struct msghdr of two words, tag and a result, with one
// descriptor in an SCM_RIGHTS control message (cmsg(3)).
func (b *builder) fdMessage(tag uint64) (fdMsg, tape.Addr) {
	body := b.Var(16)
	b.SetVar(body, tag)
	iov := b.Words(uint64(body), 16)
	ctl := b.Var(24)
	b.SetVar(ctl, 20, unix.SOL_SOCKET|unix.SCM_RIGHTS<<32)
	hdr := b.Words(0, 0, iov, 1, uint64(ctl), 24, 0)
	return fdMsg{hdr: tape.Addr(hdr), fd: ctl + 16}, body + 8
}

// inbox lays out a struct msghdr that takes a word and up to n descriptors, and
// gives where these come to lie.
func (b *builder) inbox(n int) (hdr uint64, fds tape.Addr) {
	body := b.Var(8)
	iov := b.Words(uint64(body), 8)
	size := (16 + 4*n + 7) &^ 7
	ctl := b.Var(size + 8)
	for i := range (size - 16 + 7) / 8 {
		b.SetVar(ctl+16+tape.Addr(8*i), ^uint64(0)) // -1: a group that was not made
	}
	msg := b.Var(56)
	b.SetVar(msg, 0, 0, iov, 1, uint64(ctl), uint64(size), 0)
	return uint64(msg), ctl + 16
}

const (
	sysWrite     = unix.SYS_WRITE
	sysExitGroup = unix.SYS_EXIT_GROUP
	maxFd        = 0xffffffff
)
