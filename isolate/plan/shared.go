package plan

import (
	"strings"

	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// The folders and files of the host's /etc that a view shows come out of one
// overlay, which is cheaper than one each. Its root is never attached to the
// jail's tree: only what the view names is bound out of it.

const (
	etcSource = "/etc"
	etcLayer  = "le"  // where the host's folder is attached
	etcShared = "etc" // where the overlay is mounted
)

// shares says whether an entry comes out of the common overlay.
func (b *builder) shares(e *rootfs.Entry) bool {
	return b.etc != 0 && fromEtc(e) && (e.Kind == rootfs.Overlay || e.Kind == rootfs.Copy)
}

func fromEtc(e *rootfs.Entry) bool {
	return e != nil && strings.HasPrefix(e.Source, etcSource+"/")
}

// openShared takes the host's /etc, if two or more entries come out of it.
func (b *builder) openShared(items []item) {
	folders := 0
	for i := range items {
		if e := items[i].entry; fromEtc(e) && e.Kind == rootfs.Overlay {
			folders++
		}
	}
	if folders < 2 || b.in.Rooted() {
		return
	}
	b.etc = b.Var(8)
	b.openTree(etcSource, b.etc)
}

// openTree takes a detached copy of a folder and of what is mounted below it:
// without that a locked mount can't be copied (EINVAL). The path has no links,
// so a link at its end was put there since it was looked at.
func (b *builder) openTree(path string, into tape.Addr) {
	b.Call("open "+path, unix.SYS_OPEN_TREE, atFdcwd, b.CString(path), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE|unix.AT_SYMLINK_NOFOLLOW).Into(into)
}

func (b *builder) mountShared() {
	if b.etc != 0 {
		b.layeredOrBound(b.etc, etcLayer, etcShared, etcSource)
	}
}

// layered mounts an overlay of a detached folder and an empty second layer: a
// single one is EINVAL.
func (b *builder) layered(tree tape.Addr, layer, at, what string) *tape.Op {
	b.mkdir(layer, 0o755)
	b.move(tree, layer, what)
	b.mkdir(at, 0o755).Soft()
	o := b.mount("overlay", b.CString(at), "overlay", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, "lowerdir="+layer+":e")
	o.Step = "mount overlay of " + what
	return o
}

// layeredOrBound mounts such an overlay, or binds the folder itself where there
// can't be one: something is mounted below it (as a container's runtime does in
// /etc), its file system can't be a layer, it is two overlays deep already, or
// the kernel has none. Two runs then share its inodes, which the read-back tells.
func (b *builder) layeredOrBound(tree tape.Addr, layer, at, source string) {
	bound, done := b.NewLabel(), b.NewLabel()
	o := b.layered(tree, layer, at, source)
	o.Neg, o.Zero, o.Pos = bound, done, done
	b.Here(bound)
	it := item{path: source, fd: b.Var(8)}
	b.Call("note that "+source+" is no overlay", unix.SYS_GETPID).Into(b.seen + tape.Addr(SeenShared))
	b.openTree(layer, it.fd)
	b.attach(&it, source, at, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	b.Here(done)
}

// shared binds an entry out of the common overlay; its mount flags come along.
func (b *builder) shared(e *rootfs.Entry, at string) {
	tree := b.Var(8)
	from := etcShared + strings.TrimPrefix(e.Source, etcSource)
	o := b.Call("take "+e.Path, unix.SYS_OPEN_TREE, atFdcwd, b.CString(from), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE|unix.AT_SYMLINK_NOFOLLOW).Into(tree).Because(e.Why)
	gone := b.NewLabel()
	if e.Kind == rootfs.Copy {
		o.Or(gone) // a file that has gone since the host was looked at
		b.Call("make the mount point "+at, unix.SYS_MKNODAT, atFdcwd, b.CString(at), unix.S_IFREG|0o444, 0)
	} else {
		b.mkdir(at, 0o755).Soft()
	}
	b.move(tree, at, e.Path)
	b.Here(gone)
}

// Folder is where named files lie that are too large to be copied.
type Folder struct {
	Path string
	Fd   int // a detached tree made by the supervisor, or -1: open the path
}

// openFolders takes the folders of large named files.
func (b *builder) openFolders() {
	fd := b.firstFree() - uint64(b.in.passedLayers()+b.passedFolders())
	for _, f := range b.in.Folders {
		tree := b.Var(8)
		if f.Fd >= 0 {
			b.SetVar(tree, fd)
			fd++
		} else {
			b.openTree(f.Path, tree)
		}
		b.folders = append(b.folders, tree)
	}
}

func (b *builder) passedFolders() int {
	n := 0
	for _, f := range b.in.Folders {
		if f.Fd >= 0 {
			n++
		}
	}
	return n
}
