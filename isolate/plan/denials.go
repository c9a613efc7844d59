package plan

import (
	"path"

	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// Where a program finds its own denials, and where the supervisor writes them: a
// path in the quota's file system, whose directory it has.
const (
	DenialsDir  = "/run/jail"
	DenialsFile = "denials"
	DenialsAt   = "jail/" + DenialsFile
)

func (b *builder) showsDenials() bool {
	return b.listens() && b.on(policy.LayerRootfs) && b.in.Policy.Denials == policy.DenialsShown && !b.runIsTheCallers()
}

// runIsTheCallers says whether the caller shows something of his own around the
// place of the file: in his folder nothing is made.
func (b *builder) runIsTheCallers() bool {
	for i := range b.in.Policy.Files {
		f := &b.in.Policy.Files[i]
		if f.Target == path.Dir(DenialsDir) && f.Kind != policy.FileTmpfs && !b.in.Sources[i].Skip {
			return true
		}
	}
	return false
}

// showDenials shows a file in which the supervisor writes what it refuses. It lies
// in the file system of the quota, of which the supervisor is given the directory,
// and is mounted read-only: the program can't forge a line.
func (b *builder) showDenials() {
	if !b.showsDenials() {
		return
	}
	const at = "root" + DenialsDir
	b.mkdir("q/jail", 0o755)
	b.Call("make the file of denials", unix.SYS_MKNODAT, atFdcwd, b.CString("q/"+DenialsAt), unix.S_IFREG|0o644, 0).
		Because("who is refused should know why, without asking the host")
	it := &item{path: DenialsDir, fd: b.Var(8)}
	b.Call("take "+DenialsDir+" out of the quota", unix.SYS_OPEN_TREE, atFdcwd, b.CString("q/jail"), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW).Into(it.fd)
	b.mountPoint(at, true)
	b.attach(it, "", at, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
}
