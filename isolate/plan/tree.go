package plan

import (
	"sort"
	"strconv"
	"strings"

	"github.com/jailrun/jail/internal/size"
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// tree builds what the target will see. The host is still in sight here, so
// every source is opened before anything is mounted, and nothing may follow a
// link of the target's.
//
// Everything is built below a staging directory: "root" becomes the new root,
// "q" is the one file system that holds all writable folders under one quota,
// "e" is the empty second layer of overlays, "lN" their first.
func (b *builder) tree() {
	if !b.layer(policy.LayerMntNS) || !b.layer(policy.LayerRootfs) {
		b.scratch()
		return
	}
	if !b.on(policy.LayerUserNS) {
		b.Call("unshare the mount namespace once more", unix.SYS_UNSHARE, unix.CLONE_NEWNS).
			Because("with the host's own rights nothing else keeps a fault of ours from the host's mounts")
	}
	b.Call("make mounts private", unix.SYS_MOUNT, 0, b.CString("/"), 0, unix.MS_REC|unix.MS_PRIVATE, 0).
		Because("no mount below may reach the host (mount_namespaces(7))")
	items := b.items()
	b.openShared(items)
	for i := range items {
		b.open(&items[i])
	}
	b.openDevices()
	b.openFolders()
	b.openLayers()
	b.staging()
	b.mountShared()
	b.stageLayers()
	b.spendReserves()
	if b.in.Rooted() {
		b.layeredRoot(items)
	} else {
		b.ownRoot(items)
	}
	b.proc()
	b.openSettings()
	b.named()
	b.showDenials()
	b.links(items)
	b.keepReserves()
	b.seal()
	b.pivot()
}

// ownRoot makes the root of a file system of the jail's own, which is read-only at
// last.
func (b *builder) ownRoot(items []item) {
	if len(b.in.Layers) > 0 {
		b.openRoot()
	}
	for i := range items {
		b.place(&items[i])
	}
	b.devices("root/dev/")
}

// scratch takes the folder that stands in for a root, where there is none.
func (b *builder) scratch() {
	b.layer(policy.LayerRootfs)
	b.Call("keep the scratch directory in hand", unix.SYS_OPENAT, atFdcwd, b.CString(b.in.Scratch), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0).Into(b.stagingD)
}

// item is one thing that stands in the view: an entry of the host view, a
// folder under the quota, or a file of the policy.
type item struct {
	path  string // inside, absolute
	entry *rootfs.Entry
	file  *policy.File
	src   Source
	quota string // a directory of q

	layers int // one more than the index in Input.Layers, 0 if it is none

	fd tape.Addr
}

// items lists all that is placed, parents before children; of two at the same
// path the later one covers the earlier.
func (b *builder) items() []item {
	list := make([]item, 0, len(b.in.View.Entries)+len(b.in.Policy.Files)+8)
	for i := range b.in.View.Entries {
		e := &b.in.View.Entries[i]
		list = append(list, item{path: e.Path, entry: e})
	}
	for _, q := range quotas {
		list = append(list, item{path: q.path, quota: q.dir})
	}
	for k := range b.in.Layers {
		if l := &b.in.Layers[k]; l.Target != "/" {
			list = append(list, item{path: l.Target, layers: k + 1})
		}
	}
	fd := FirstFree
	for i := range b.in.Policy.Files {
		f := &b.in.Policy.Files[i]
		it := item{path: f.Target, file: f, src: b.in.Sources[i]}
		if it.src.Fd >= 0 {
			it.src.Fd = fd
			fd++
		}
		if f.Kind == policy.FileTmpfs {
			it.quota = "t" + strconv.Itoa(i)
		}
		if !it.src.Skip && f.Kind != policy.FileCOW {
			list = append(list, it)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return depth(list[i].path) < depth(list[j].path) })
	return list
}

func depth(p string) int {
	if p == "/" {
		return 0
	}
	return strings.Count(p, "/")
}

// quotas are the writable folders that every jail has, out of one superblock,
// so that one limit bounds their sum.
var quotas = [...]struct{ path, dir string }{
	{"/box", "box"},
	{"/tmp", "tmp"},
	{"/dev/shm", "shm"},
}

// open takes a detached copy of an item's source, while the host's tree is
// still whole. A descriptor of the supervisor's can't be bound here (EINVAL),
// but a tree that it has detached can.
func (b *builder) open(it *item) {
	src, rec := "", uint64(0)
	switch {
	case b.shares(it.entry):
		return
	case it.entry != nil && (it.entry.Kind == rootfs.Overlay || it.entry.Kind == rootfs.Bind):
		src, rec = it.entry.Source, unix.AT_RECURSIVE // without the mounts below it a locked one can't be copied (EINVAL)
	case it.entry != nil && it.entry.Kind == rootfs.Copy:
		it.fd = b.Var(8)
		b.Call("open "+it.entry.Source, unix.SYS_OPENAT, atFdcwd, b.CString(it.entry.Source), unix.O_RDONLY|unix.O_CLOEXEC, 0).
			Into(it.fd).Soft()
		return
	case it.file != nil && it.src.Fd >= 0:
		it.fd = b.Var(8)
		b.SetVar(it.fd, uint64(it.src.Fd))
		return
	case it.file != nil && (it.file.Kind == policy.FileRO || it.file.Kind == policy.FileRW):
		src, rec = it.src.path(it.file), unix.AT_RECURSIVE
	default:
		return
	}
	it.fd = b.Var(8)
	b.Call("open "+src, unix.SYS_OPEN_TREE, atFdcwd, b.CString(src), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW|rec).Into(it.fd)
}

// staging mounts the ground that the root is built on, and the quota.
func (b *builder) staging() {
	at := b.CString(b.in.Facts.Staging)
	b.mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755").
		Because("all sources are open: it may hide one's path")
	b.Call("enter the staging directory", unix.SYS_CHDIR, at)
	b.Call("keep the staging directory in hand", unix.SYS_OPENAT, atFdcwd, b.CString("."), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0).Into(b.stagingD)
	b.Call("make Landlock's probe", unix.SYS_MKNODAT, atFdcwd, b.CString(probeName), unix.S_IFREG|0o444, 0)
	b.mkdir("root", 0o755)
	b.mkdir("q", 0o755)
	b.mkdir("e", 0o755)
	if !b.in.Rooted() {
		b.mount("tmpfs", b.CString("root"), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,nr_inodes=8k").
			Because("the root is ours alone, and vanishes with the namespace")
	}
	b.mount("tmpfs", b.CString("q"), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, b.quotaOptions()).
		Because("/box, /tmp and /dev/shm under one quota of bytes and inodes")
	b.box = b.Var(8)
	b.openFolder("q", b.box).
		Because("a full disk is evidence that outlives the jail: the supervisor gets it")
}

const probeName = "probe"

// LandlockProbe is the probe as the kernel's audit names it: it lies in no tree of the
// program's.
const LandlockProbe = "/" + probeName

func (b *builder) quotaOptions() string { return b.sizeOptions("mode=755", b.in.Policy.Limits.Disk) }

// ownSize says whether a folder has a bound below that of the quota, which it
// is else a part of.
func (b *builder) ownSize(f *policy.File) bool {
	if f == nil || f.Kind != policy.FileTmpfs || f.Size <= 0 {
		return false
	}
	d := b.in.Policy.Limits.Disk
	return d <= 0 || f.Size < d
}

// sizeOptions are a tmpfs's bounds of bytes and inodes (tmpfs(5)).
func (b *builder) sizeOptions(o string, d size.Bytes) string {
	if d > 0 {
		o += ",size=" + strconv.FormatInt(int64(d), 10)
	}
	if n := b.in.Policy.Limits.Inodes; n > 0 {
		o += ",nr_inodes=" + strconv.FormatInt(n+quotaOwn, 10)
	}
	return o
}

// quotaOwn are the inodes that the quota's own folders take.
const quotaOwn = 10

func (b *builder) mount(fs string, at uint64, typ string, flags uint64, opts string) *tape.Op {
	return b.Call("mount "+fs, unix.SYS_MOUNT, b.CString(fs), at, b.CString(typ), flags, b.CString(opts))
}

func (b *builder) openFolder(p string, fd tape.Addr) *tape.Op {
	return b.Call("open "+p, unix.SYS_OPENAT, atFdcwd, b.CString(p), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0).Into(fd)
}

func (b *builder) mkdir(p string, mode uint64) *tape.Op {
	s := b.spot(p)
	o := b.Call("mkdir "+p, unix.SYS_MKDIRAT, s.dir, s.name, mode)
	o.Load = s.load
	return o
}

// place puts one item under root.
func (b *builder) place(it *item) {
	at := "root" + it.path
	switch {
	case it.layers != 0:
		b.layeredFolder(it, at)
	case it.quota != "":
		b.writable(it, at)
	case it.entry != nil:
		b.entry(it, at)
	case it.file.Kind == policy.FileHide:
		b.hide(it, at)
	case it.file.Kind == policy.FileLink: // comes last
	default:
		b.bind(it, at)
	}
}

func (b *builder) entry(it *item, at string) {
	e := it.entry
	if b.shares(e) {
		b.shared(e, at)
		return
	}
	switch e.Kind {
	case rootfs.Dir:
		b.mkdir(at, uint64(e.Mode)).Soft()
	case rootfs.Symlink:
		b.Call("link "+e.Path, unix.SYS_SYMLINKAT, b.CString(e.Target), atFdcwd, b.CString(at)).Because(e.Why)
	case rootfs.Overlay:
		b.mkdir(at, 0o755).Soft()
		b.overlay(it, at)
	case rootfs.Bind:
		b.mountPoint(at, isDir(e))
		b.attach(it, e.Source, at, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	case rootfs.Copy:
		b.copyFile(e.Path, it.fd, at, e.Mode)
	case rootfs.Text:
		b.text(e, at)
	}
}

// isDir says whether what an entry binds is a folder.
func isDir(e *rootfs.Entry) bool { return e.Mode&unix.S_IFMT == unix.S_IFDIR || e.Mode == 0 }

// overlay mounts a folder of the host through an overlay of two lower layers.
// It has a superblock of its own, so that locks, leases and inotify don't join
// two runs, and mountinfo shows no host path.
func (b *builder) overlay(it *item, at string) {
	b.layeredOrBound(it.fd, "l"+strconv.Itoa(it.layerOf(b)), at, it.entry.Source)
}

func (it *item) layerOf(b *builder) int { return int(it.fd-tape.DataBase) / 8 }

// move attaches a detached tree.
func (b *builder) move(fd tape.Addr, at, what string) *tape.Op {
	s := b.spot(at)
	o := b.Call("attach "+what, unix.SYS_MOVE_MOUNT, uint64(fd), b.CString(""), s.dir, s.name, unix.MOVE_MOUNT_F_EMPTY_PATH).Loading(0)
	o.Load |= s.load << 2
	return o
}

// attach sets a tree's attributes, then puts it in place. The source is a path
// of the host's, or nothing for what is the jail's own.
func (b *builder) attach(it *item, source, at string, attr uint64) {
	if !b.setsAttributes() {
		b.attachThenSet(it, source, at, attr) // MOUNT_ATTR_RDONLY to NOEXEC are MS_RDONLY to NOEXEC
		return
	}
	b.Call("set the mount attributes of "+it.path, unix.SYS_MOUNT_SETATTR, uint64(it.fd), b.CString(""), unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, b.attributes(attr), 32).Loading(0).
		Because("flags are added, so what the source has locked stays; private, or what the host mounts below later would be seen, and writable")
	b.move(it.fd, at, it.path)
}

// attributes lays out struct mount_attr, mount_setattr(2).
func (b *builder) attributes(set uint64) uint64 { return b.Words(set, 0, unix.MS_PRIVATE, 0) }

// mountPoint makes an empty directory or file, and its parents.
func (b *builder) mountPoint(at string, dir bool) {
	b.parents(at)
	if dir {
		b.mkdir(at, 0o755).Soft()
		return
	}
	s := b.spot(at)
	b.Call("make the mount point "+at, unix.SYS_MKNODAT, s.dir, s.name, unix.S_IFREG|0o444, 0).Soft().Load = s.load
}

// parents makes the folders in which something is to stand.
func (b *builder) parents(at string) {
	for i := len("root/"); i < len(at); i++ {
		if at[i] == '/' && !b.viewHas(at[len("root"):i]) {
			b.mkdir(at[:i], 0o755).Soft()
		}
	}
}

// viewHas says whether the host view has placed a folder, or a link, at a path.
func (b *builder) viewHas(path string) bool {
	for i := range b.in.View.Entries {
		switch e := &b.in.View.Entries[i]; e.Kind {
		case rootfs.Dir, rootfs.Symlink, rootfs.Overlay:
			if e.Path == path {
				return true
			}
		}
	}
	return false
}

// writable gives the target a folder of the quota's file system, or a smaller
// file system of its own.
func (b *builder) writable(it *item, at string) {
	dir := "q/" + it.quota
	if b.ownSize(it.file) {
		dir = it.quota
	}
	b.mkdir(dir, 0o700)
	if b.ownSize(it.file) {
		b.mount("tmpfs", b.CString(dir), "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, b.sizeOptions("mode=700", it.file.Size)).
			Because("the policy bounds it more than the quota does")
	}
	if b.in.Facts.Root {
		b.Call("give "+it.path+" to the target", unix.SYS_FCHOWNAT, atFdcwd, b.CString(dir), b.targetID(), b.targetID(), 0)
	}
	it.fd = b.Var(8)
	b.Call("take "+it.path+" out of the quota", unix.SYS_OPEN_TREE, atFdcwd, b.CString(dir), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW).Into(it.fd)
	b.mountPoint(at, true)
	b.move(it.fd, at, it.path)
}

// bind shows one of the policy's sources.
func (b *builder) bind(it *item, at string) {
	attr := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)
	if it.file.Kind == policy.FileRO {
		attr |= unix.MOUNT_ATTR_RDONLY
	}
	if it.src.Made {
		b.mountPoint(at, it.src.Dir)
	}
	b.attach(it, it.src.Real, at, attr)
}

// hide covers a directory by an empty one, or a file by an empty one.
func (b *builder) hide(it *item, at string) {
	if it.src.Dir && (b.in.Rooted() || !b.isOurs(it.path)) {
		b.hideInside(it, at)
		return
	}
	if it.src.Dir {
		b.cover(it, at)
		return
	}
	it.fd = b.Var(8)
	b.Call("take an empty file to hide "+it.path, unix.SYS_OPEN_TREE, uint64(b.stagingD), b.CString(probeName), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW).Loading(0).Into(it.fd)
	b.attach(it, "", at, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// hideInside covers a directory of a root that others have filled.
func (b *builder) hideInside(it *item, at string) {
	name := "h" + strconv.Itoa(len(b.Ops))
	b.mkdir(name, 0o755)
	b.cover(it, name)
	b.attachTree(name, at, 0)
}

// cover mounts an empty file system.
func (b *builder) cover(it *item, at string) {
	b.mount("tmpfs", b.CString(at), "tmpfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=555,size=4k,nr_inodes=2").Step = "hide " + it.path
}

// links makes the policy's links when all else stands: they lead where the program
// will see it, and here still to the host.
func (b *builder) links(items []item) {
	for i := range items {
		if f := items[i].file; f != nil && f.Kind == policy.FileLink {
			at := "root" + f.Target
			b.parents(at)
			s := b.spot(at)
			b.Call("link "+f.Target, unix.SYS_SYMLINKAT, b.CString(f.To), s.dir, s.name).
				Because("nothing is made through it: no other target lies behind it").Load = s.load << 1
		}
	}
}

// copyFile copies an open file into the root's own file system.
func (b *builder) copyFile(what string, from tape.Addr, at string, mode uint32) {
	to, again, done := b.Var(8), b.NewLabel(), b.NewLabel()
	b.Call("make "+what, unix.SYS_OPENAT, atFdcwd, b.CString(at), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, uint64(mode&0o555)).Into(to)
	b.Here(again)
	c := b.Call("copy "+what, unix.SYS_SENDFILE, uint64(to), uint64(from), 0, 1<<30).Loading(0, 1)
	c.Because("a copy has no inode, lock or path in common with the host")
	c.Pos, c.Neg = again, done
	b.Here(done)
	b.Call("close "+what, unix.SYS_CLOSE, uint64(to)).Loading(0)
}

func (b *builder) text(e *rootfs.Entry, at string) {
	fd := b.Var(8)
	b.Call("make "+e.Path, unix.SYS_OPENAT, atFdcwd, b.CString(at), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, uint64(e.Mode)).Into(fd).Because(e.Why)
	if e.Data != "" {
		b.Call("write "+e.Path, unix.SYS_WRITE, uint64(fd), b.CString(e.Data), uint64(len(e.Data))).Loading(0)
	}
	b.Call("close "+e.Path, unix.SYS_CLOSE, uint64(fd)).Loading(0)
}

// proc mounts a /proc that shows the jail's own processes, and nothing else.
func (b *builder) proc() {
	b.layer(policy.LayerPidNS)
	at := "root/proc"
	if b.in.Rooted() {
		at = procName
		b.mkdir(at, 0o755)
	}
	b.mount("proc", b.CString(at), "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "subset=pid,hidepid=2").
		Because("subset=pid leaves out kcore, kallsyms, sys, keys …; hidepid hides pid 1")
	if b.in.Rooted() {
		b.attachTree(at, "root/proc", 0)
	}
	b.layer(policy.LayerRootfs)
}

// seal makes the root read-only, when all stands. One that is an overlay stays as it
// is: what is written to it is the jail's own.
func (b *builder) seal() {
	if b.in.Rooted() && b.in.Policy.Root != policy.RootReadOnly {
		return
	}
	b.Call("make the root read-only", unix.SYS_MOUNT, 0, b.CString("root"), 0, unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, 0)
}

// pivot leaves the host's tree.
func (b *builder) pivot() {
	b.Call("enter the root", unix.SYS_CHDIR, b.CString("root"))
	dot := b.CString(".")
	b.Call("pivot_root", unix.SYS_PIVOT_ROOT, dot, dot).
		Because("a second chroot leaves a chroot; this doesn't. The working directory stays the new root (pivot_root(2), NOTES)")
	b.Call("detach the old root", unix.SYS_UMOUNT2, dot, unix.MNT_DETACH).
		Because("detach, not unmount: it may be busy")
}

// InQuota gives the path that a path inside has in the file system of the quota, of
// which the supervisor has the directory.
func InQuota(p string, rooted bool) (string, bool) {
	if rest, ok := strings.CutPrefix(p, "/var/tmp"); ok && !rooted && (rest == "" || rest[0] == '/') {
		p = "/tmp" + rest // a link of the host view
	}
	for _, q := range quotas {
		if contains(q.path, p) {
			return q.dir + strings.TrimPrefix(p, q.path), true
		}
	}
	return "", false
}
