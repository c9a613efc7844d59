package plan

import (
	"strings"

	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// What kernels from 5.9 on lack, and how it is done there.

// setsAttributes says whether a detached tree's attributes can be set, all at
// once: mount_setattr(2), Linux 5.12.
func (b *builder) setsAttributes() bool { return b.in.Facts.Kernel.AtLeast(5, 12) }

// marksRanges says whether close_range(2) can mark descriptors close-on-exec,
// Linux 5.11.
func (b *builder) marksRanges() bool { return b.in.Facts.Kernel.AtLeast(5, 11) }

// Mount is a mount of the host's, a line of proc_pid_mountinfo(5).
type Mount struct {
	ID, Parent int
	Path       string // where it is, as the supervisor sees it
	Flags      uint64 // of MS_RDONLY, MS_NOSUID, MS_NODEV and MS_NOEXEC
}

// attachThenSet puts a tree in place and sets the flags of each of its mounts.
// A remount replaces flags, and the kernel refuses one that would take a flag
// from a mount of a more privileged namespace (mount_namespaces(7), "locked"),
// so what the host's has is kept. The access times' are kept by the kernel.
func (b *builder) attachThenSet(it *item, source, at string, flags uint64) {
	b.move(it.fd, at, it.path)
	b.Call("make "+it.path+" private", unix.SYS_MOUNT, 0, b.CString(at), 0, unix.MS_REC|unix.MS_PRIVATE, 0).
		Because("what the host mounts below later would be seen")
	own, below := under(b.in.Mounts, source)
	b.remount(it.path, at, flags|own)
	for _, m := range below {
		sub := strings.TrimPrefix(m.Path, strings.TrimSuffix(source, "/"))
		b.remount(it.path+sub, at+sub, flags|m.Flags)
	}
}

func (b *builder) remount(what, at string, flags uint64) {
	b.Call("set the mount flags of "+what, unix.SYS_MOUNT, 0, b.CString(at), 0, unix.MS_REMOUNT|unix.MS_BIND|flags, 0).
		Because("the kernel can't set them before the tree is in place; nothing untrusted runs yet")
}

// under gives the flags of the mount that a path is on, and the mounts that are
// seen below it. Without a path, as for what is the jail's own, there are none.
func under(mounts []Mount, path string) (own uint64, below []Mount) {
	if path == "" {
		return 0, nil
	}
	if m := mountAt(mounts, path); m != nil {
		own = m.Flags
	}
	for i := range mounts {
		m := &mounts[i]
		if m.Path != path && contains(path, m.Path) && mountAt(mounts, m.Path) == m {
			below = append(below, *m)
		}
	}
	return own, below
}

func contains(dir, p string) bool {
	return dir == "/" || p == dir || len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// mountAt walks to a path as the kernel does: of the mounts on the one that it
// stands on, it enters the first on its way. So it never comes to a mount that
// another one covers.
func mountAt(mounts []Mount, path string) (at *Mount) {
	for range mounts {
		var next *Mount
		for i := range mounts {
			m := &mounts[i]
			if on(mounts, m, at) && contains(m.Path, path) && (next == nil || len(m.Path) <= len(next.Path)) {
				next = m
			}
		}
		if next == nil {
			break
		}
		at = next
	}
	return at
}

// on says whether m is mounted on another mount; on none if its parent is out of
// our sight.
func on(mounts []Mount, m, parent *Mount) bool {
	if parent != nil {
		return m.Parent == parent.ID && m.ID != parent.ID
	}
	for i := range mounts {
		if mounts[i].ID == m.Parent && m.ID != m.Parent {
			return false
		}
	}
	return true
}

// sealEach does what sealDescriptors does where a range can't be marked. The
// descriptors that the supervisor passed are the only ones that were not made
// close-on-exec; of them only the target's socket is still needed.
func (b *builder) sealEach() {
	b.Call("close the supervisor's socket and the lock", unix.SYS_CLOSE_RANGE, FdCtl, FdLock, 0)
	b.Call("close what else was passed", unix.SYS_CLOSE_RANGE, FdTwin, b.firstFree()-1, 0)
	b.Call("close the target's socket on exec", unix.SYS_FCNTL, FdTarget, unix.F_SETFD, unix.FD_CLOEXEC).
		Because("all others are close-on-exec: a leaked directory is a way out (CVE-2024-21626)")
}

// sealEffect knows the three steps of sealEach.
func (v *verifier) sealEffect(o *tape.Op, e *effect) {
	switch {
	case o.Proc != tape.Target || o.Load != 0:
	case o.Call == unix.SYS_FCNTL && o.Args[0] == FdTarget && o.Args[1] == unix.F_SETFD && o.Args[2] == unix.FD_CLOEXEC:
		e.gains = sealedOwn
	case o.Call != unix.SYS_CLOSE_RANGE || o.Args[2] != 0:
	case o.Args[0] == FdCtl && o.Args[1] == FdLock:
		e.gains = sealedLow
	case o.Args[0] == FdTwin && v.firstFree > FdTwin && o.Args[1] == v.firstFree-1:
		e.gains = sealedHigh
	}
}

// leavesOpen says whether a descriptor may outlive exec.
func (s *state) leavesOpen() bool {
	return s.lacks(sealed) && s.lacks(sealedLow|sealedHigh|sealedOwn)
}
