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

func (b *builder) copyNamed(i int) {
	n := &b.in.Named[i]
	from := b.Var(8)
	b.SetVar(from, b.firstFree()-uint64(b.passedFolders()+len(b.in.Named)-i))
	b.namedCopy = true
	b.copyFile("/box/"+n.Name, from, "named/"+n.Name, n.Mode|0o444)
	b.namedCopy = false
	b.bindNamed(i, "named/")
}

func (b *builder) bindNamed(i int, from string) *tape.Op {
	n := &b.in.Named[i]
	tree, at := b.Var(8), "root/box/"+n.Name
	b.Call("take "+n.Name, unix.SYS_OPEN_TREE, atFdcwd, b.CString(from+n.Name), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW).Into(tree).
		Because("whoever may write in its folder could have put a link there, and it would lead into the host's tree")
	b.Call("make the mount point /box/"+n.Name, unix.SYS_MKNODAT, atFdcwd, b.CString(at), unix.S_IFREG|0o444, 0)
	b.attach(&item{path: "/box/" + n.Name, fd: tree}, "", at, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	return &b.Ops[len(b.Ops)-1]
}
