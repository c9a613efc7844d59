package plan

import (
	"strconv"

	"github.com/jailrun/jail/isolate/tape"
	"golang.org/x/sys/unix"
)

// named shows the files of the command line read-only under /box: a small one
// as a copy, a large one out of an overlay of its folder. Neither a lock nor a
// path is shared with the caller's own file.
func (b *builder) named() {
	if len(b.in.Named) == 0 {
		return
	}
	b.mkdir("named", 0o755)
	for k := range b.in.Folders {
		b.fromFolder(k)
	}
	for i := range b.in.Named {
		if b.in.Named[i].Folder < 0 {
			b.copyNamed(i)
		}
	}
}

// fromFolder binds a folder's files, or copies them where its file system can't
// be a layer.
func (b *builder) fromFolder(k int) {
	n := strconv.Itoa(k)
	copies, done := b.NewLabel(), b.NewLabel()
	b.layered(b.folders[k], "n"+n, "f"+n, b.in.Folders[k].Path).Or(copies)
	var last *tape.Op
	for i := range b.in.Named {
		if b.in.Named[i].Folder == k {
			last = b.bindNamed(i, "f"+n+"/")
		}
	}
	last.Zero, last.Pos = done, done
	b.Here(copies)
	for i := range b.in.Named {
		if b.in.Named[i].Folder == k {
			b.copyNamed(i)
		}
	}
	b.Here(done)
}

// copyNamed copies a file, at most twice what it may hold: who writes to it
// could else let it grow for as long as it is copied.
func (b *builder) copyNamed(i int) {
	n := &b.in.Named[i]
	what, at := "/box/"+n.Name, "named/"+n.Name
	from, to, most := b.Var(8), b.Var(8), uint64(n.Size)+copySlack
	b.SetVar(from, b.firstFree()-uint64(b.in.passedLayers()+b.passedFolders()+len(b.in.Named)-i))
	b.Call("make "+what, unix.SYS_OPENAT, atFdcwd, b.CString(at), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, uint64(n.Mode&0o555|0o444)).Into(to)
	b.Call("copy "+what, unix.SYS_SENDFILE, uint64(to), uint64(from), 0, most).Loading(0, 1).
		Because("a copy has no inode, lock or path in common with the host")
	b.Call("copy what is left of "+what, unix.SYS_SENDFILE, uint64(to), uint64(from), 0, most).Loading(0, 1).
		Because("a copy that was cut short goes on, or says why it can't")
	b.Call("close "+what, unix.SYS_CLOSE, uint64(to)).Loading(0)
	b.bindNamed(i, "named/")
}

// copySlack is what is copied of a file that tells no size, as those of FUSE
// and procfs may, in bytes.
const copySlack = 64 << 10

func (b *builder) bindNamed(i int, from string) *tape.Op {
	n := &b.in.Named[i]
	tree, at := b.Var(8), "root/box/"+n.Name
	b.Call("take "+n.Name, unix.SYS_OPEN_TREE, atFdcwd, b.CString(from+n.Name), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW).Into(tree).
		Because("whoever may write in its folder could have put a link there, and it would lead into the host's tree")
	b.Call("make the mount point /box/"+n.Name, unix.SYS_MKNODAT, atFdcwd, b.CString(at), unix.S_IFREG|0o444, 0)
	b.attach(&item{path: "/box/" + n.Name, fd: tree}, "", at, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	return &b.Ops[len(b.Ops)-1]
}
