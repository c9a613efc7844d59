package plan

import (
	"bytes"

	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

var noCapData [24]byte // struct __user_cap_data_struct, twice, with nothing in it

// effect says what an op does. It is by the call and its operands alone; what
// the op says of itself counts for nothing.
func (v *verifier) effect(o *tape.Op, s *state) *effect {
	e := &v.now
	*e = effect{}
	switch o.Call {
	case unix.SYS_PRCTL:
		v.prctlEffect(o, e)
	case unix.SYS_READ, unix.SYS_WRITE:
		v.ioEffect(o, e)
	case unix.SYS_CLONE3, unix.SYS_CLONE, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_EXECVE:
		v.birthEffect(o, e)
	case unix.SYS_MOUNT, unix.SYS_MOVE_MOUNT, unix.SYS_MOUNT_SETATTR, unix.SYS_PIVOT_ROOT, unix.SYS_UMOUNT2, unix.SYS_OPEN_TREE:
		v.mountEffect(o, e)
	case unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_MKNODAT, unix.SYS_SYMLINKAT, unix.SYS_FCHOWNAT, unix.SYS_FCHMODAT, unix.SYS_OPENAT, unix.SYS_CHDIR, unix.SYS_FCHDIR:
		pathEffect(o, e, s)
		if v.opensNetwork(o) {
			e.needs |= hasNet
		}
	case unix.SYS_OPENAT2:
		if e.class = opens; v.t.Word(o.Args[2])&unix.O_CLOEXEC == 0 {
			e.class |= leaks
		}
	case unix.SYS_SETFSUID, unix.SYS_SETFSGID:
		e.loses = orphanDies | undumpable // as a change of any id, prctl(2)
	case unix.SYS_SETGROUPS, unix.SYS_SETRESGID, unix.SYS_SETRESUID, unix.SYS_CAPSET:
		v.identityEffect(o, e)
	case unix.SYS_SECCOMP:
		e.class, e.gains = restricts, filtered
	case unix.SYS_LANDLOCK_RESTRICT_SELF:
		e.class, e.gains = restricts, landlocked
	case unix.SYS_CLOSE_RANGE:
		v.closeEffect(o, e)
	default:
		v.otherEffect(o, e)
	}
	return e
}

func (v *verifier) prctlEffect(o *tape.Op, e *effect) {
	a := o.Args[1]
	switch o.Args[0] {
	case unix.PR_CAPBSET_DROP:
		e.drops = 1 << (a & 63)
	case unix.PR_SET_SECUREBITS:
		if a == Securebits || a == securebitsOf(v.d.User) {
			e.gains = securebits
		}
	case unix.PR_CAP_AMBIENT:
		if a == unix.PR_CAP_AMBIENT_CLEAR_ALL {
			e.gains = ambient
		}
	case unix.PR_SET_NO_NEW_PRIVS:
		if a == 1 {
			e.gains = noNewPrivs
		}
	case unix.PR_SET_PDEATHSIG:
		if e.loses = orphanDies; a == uint64(unix.SIGKILL) {
			e.gains = orphanDies
		}
	case unix.PR_SET_DUMPABLE:
		if e.loses = undumpable; a == 0 {
			e.gains = undumpable
		}
	}
}

// ioEffect knows the gate, by the eventfd that init made for it, and the
// joining of groups, by its text.
func (v *verifier) ioEffect(o *tape.Op, e *effect) {
	atGate := o.Load == 1 && v.gate != 0 && o.Args[0] == uint64(v.gate)
	switch {
	case atGate && o.Call == unix.SYS_READ:
		e.class, e.gains = waitsGate, gated
	case atGate:
		e.class, e.gains = releases, released
	case o.Call == unix.SYS_WRITE && o.Args[2] == 1 && v.says(o.Args[1], "0"):
		e.class, e.gains, e.joins = joinsGroup, attempted, 1
	}
}

func (v *verifier) birthEffect(o *tape.Op, e *effect) {
	switch o.Call {
	case unix.SYS_CLONE3:
		e.class, e.gains = forksProc, bornInto(v.t.Word(o.Args[0]))
	case unix.SYS_CLONE:
		e.class, e.gains = forksProc, bornInto(o.Args[0])
	case unix.SYS_UNSHARE:
		if e.gains = bornInto(o.Args[0]); o.Args[0]&unix.CLONE_NEWCGROUP != 0 {
			e.gains |= hasCgroup
		}
		if o.Proc != tape.Stage {
			e.needs = hasMnt // so that no namespace of the host's processes is left
		}
	case unix.SYS_SETNS:
		e.gains = bornInto(o.Args[1])
	case unix.SYS_EXECVE:
		e.class = executes
	}
}

func (v *verifier) mountEffect(o *tape.Op, e *effect) {
	e.class, e.needs = mounts, hasMnt
	switch o.Call {
	case unix.SYS_MOUNT:
		if o.Args[3] == unix.MS_REC|unix.MS_PRIVATE && v.says(o.Args[1], "/") {
			e.class, e.gains = 0, private
		} else {
			e.gains = mounted
		}
	case unix.SYS_MOUNT_SETATTR:
		if v.t.Word(o.Args[3]+16) != unix.MS_PRIVATE { // struct mount_attr
			e.class |= shares
		}
	case unix.SYS_PIVOT_ROOT:
		e.gains, e.needs = oldRoot, hasMnt|staged
	case unix.SYS_UMOUNT2:
		if o.Args[1] == unix.MNT_DETACH && v.says(o.Args[0], ".") {
			e.class, e.gains, e.loses = mounts|detaches, detached, oldRoot
		}
	case unix.SYS_OPEN_TREE:
		if e.class |= opens; o.Args[2]&unix.OPEN_TREE_CLOEXEC == 0 {
			e.class |= leaks
		}
	}
}

// pathEffect: what is made belongs on a file system of our own, in which the
// working directory lies.
func pathEffect(o *tape.Op, e *effect, s *state) {
	switch o.Call {
	case unix.SYS_CHDIR, unix.SYS_FCHDIR:
		if s.must&mounted != 0 {
			e.gains = staged
		}
		return
	case unix.SYS_OPENAT:
		e.class = opens
		if o.Args[2]&unix.O_CLOEXEC == 0 {
			e.class |= leaks
		}
		if o.Args[2]&unix.O_CREAT == 0 {
			return
		}
	}
	e.needs = hasMnt | staged
}

// identityEffect: a change of ids takes the parent-death signal and makes a
// process dumpable as a set-uid program would be (prctl(2)).
func (v *verifier) identityEffect(o *tape.Op, e *effect) {
	switch o.Call {
	case unix.SYS_SETGROUPS:
		if e.class = changesID; o.Args[0] == 0 {
			e.gains = groups
		}
	case unix.SYS_SETRESGID:
		e.class, e.gains, e.loses = changesID, gid, orphanDies|undumpable
	case unix.SYS_SETRESUID:
		e.loses = orphanDies | undumpable
		if o.Args[0] == 0 && v.d.User != policy.UserRoot {
			e.onFailure, e.loses = noReturn, e.loses|noReturn|uid
			return
		}
		e.class, e.gains = changesID, uid
	case unix.SYS_CAPSET:
		if v.bytesAre(o.Args[1], noCapData[:]) || o.Proc == tape.Target && v.setsOnly(o.Args[1], v.d.Keeps) {
			e.gains = noCaps
		}
	}
}

// setsOnly says whether a capset(2) gives these capabilities and no others, and none
// that is inherited.
func (v *verifier) setsOnly(data, kept uint64) bool {
	low, high := kept&maxFd, kept>>32
	return v.t.Word(data) == low|low<<32 && v.t.Word(data+8) == high<<32 && v.t.Word(data+16) == high
}

func (v *verifier) closeEffect(o *tape.Op, e *effect) {
	switch {
	case o.Args[1] != maxFd:
		v.sealEffect(o, e)
	case o.Args[2] == unix.CLOSE_RANGE_CLOEXEC && o.Args[0] <= FdCtl:
		e.gains = sealed
	case o.Args[2] == 0 && o.Proc == tape.Init:
		e.gains = initClosed
	case o.Args[2] == 0:
		e.gains = leaksClosed
		if v.firstFree == 0 {
			v.firstFree = o.Args[0]
		}
	}
}

func (v *verifier) otherEffect(o *tape.Op, e *effect) {
	cloexec := true
	switch o.Call {
	case unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME:
		e.needs = hasUts
	case unix.SYS_IOCTL:
		e.needs = hasNet
	case unix.SYS_KILL:
		if !v.killsOne(o) {
			e.needs = hasPid
		}
	case unix.SYS_KEYCTL, unix.SYS_SETSID:
	case unix.SYS_EVENTFD2:
		if cloexec = o.Args[1]&unix.EFD_CLOEXEC != 0; v.gate == 0 && o.Proc == tape.Init {
			v.gate = o.Dst
		}
	case unix.SYS_SIGNALFD4:
		cloexec = o.Args[3]&unix.SFD_CLOEXEC != 0
	case unix.SYS_TIMERFD_CREATE:
		cloexec = o.Args[1]&unix.TFD_CLOEXEC != 0
	case unix.SYS_DUP:
		cloexec = false
	case unix.SYS_FCNTL:
		cloexec = o.Args[1] == unix.F_DUPFD_CLOEXEC || o.Args[1] == unix.F_GETFD || o.Args[1] == unix.F_SETFD && o.Args[2] == unix.FD_CLOEXEC
		v.sealEffect(o, e)
	case unix.SYS_SOCKET:
		cloexec = o.Args[1]&unix.SOCK_CLOEXEC != 0
	case unix.SYS_RECVMSG:
		cloexec = o.Args[2]&unix.MSG_CMSG_CLOEXEC != 0
	}
	if !cloexec {
		e.class |= leaks
	}
}

// opensNetwork says whether a file is one by which a network namespace is steered,
// the host's if there is no other yet.
func (v *verifier) opensNetwork(o *tape.Op) bool {
	path, ok := v.t.Text(o.Args[1])
	return ok && o.Call == unix.SYS_OPENAT && bytes.Contains(path, []byte("sys/net/"))
}

// killsOne says whether a kill is of one process whatever came before it. Zero
// is the supervisor's own process group, -1 every process of the user's, and a
// slot that nothing was stored in holds what the image says.
func (v *verifier) killsOne(o *tape.Op) bool {
	pid := o.Args[0]
	if o.Load&1 != 0 {
		pid = v.t.Word(pid)
	}
	return int64(pid) > 1
}
