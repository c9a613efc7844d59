package plan

import (
	"golang.org/x/sys/unix"
)

// nodes are the devices of a jail, bound from the host's /dev.
var nodes = [...]string{"null", "zero", "full", "random", "urandom", "tty"}

// links are the names that programs expect beside them.
var links = [...]struct{ name, target string }{
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"ptmx", "pts/ptmx"},
}

// openDevices takes the devices from the host, before /dev is out of sight.
func (b *builder) openDevices() {
	for i, n := range nodes {
		b.nodes[i] = b.Var(8)
		b.Call("open /dev/"+n, unix.SYS_OPEN_TREE, atFdcwd, b.CString("/dev/"+n), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC).Into(b.nodes[i])
	}
}

// devices fills /dev: no console, no kmsg, no fuse, no kvm.
func (b *builder) devices() {
	attr := b.Words(unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, 0, 0, 0)
	for i, n := range nodes {
		at := "root/dev/" + n
		b.Call("make the mount point "+at, unix.SYS_MKNODAT, atFdcwd, b.CString(at), unix.S_IFREG|0o444, 0)
		b.Call("set the mount attributes of /dev/"+n, unix.SYS_MOUNT_SETATTR, uint64(b.nodes[i]), b.CString(""), unix.AT_EMPTY_PATH, attr, 32).Loading(0)
		b.move(b.nodes[i], at, "/dev/"+n)
	}
	for _, l := range links {
		b.Call("link /dev/"+l.name, unix.SYS_SYMLINKAT, b.CString(l.target), atFdcwd, b.CString("root/dev/"+l.name))
	}
	b.mkdir("root/dev/pts", 0o755)
	b.mount("devpts", b.CString("root/dev/pts"), "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,max=16")
}

// named copies the files of the command line, and shows each read-only under
// /box: neither a lock nor a path is shared with the caller's own file.
func (b *builder) named() {
	if len(b.in.Named) == 0 {
		return
	}
	b.mkdir("named", 0o755)
	first := b.firstFree() - uint64(len(b.in.Named))
	for i, n := range b.in.Named {
		from, tree := b.Var(8), b.Var(8)
		b.SetVar(from, first+uint64(i))
		copied, at := "named/"+n.Name, "root/box/"+n.Name
		b.namedCopy = true
		b.copyFile("/box/"+n.Name, from, copied, n.Mode|0o444)
		b.namedCopy = false
		b.Call("take the copy of "+n.Name, unix.SYS_OPEN_TREE, atFdcwd, b.CString(copied), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC).Into(tree)
		b.Call("make the mount point /box/"+n.Name, unix.SYS_MKNODAT, atFdcwd, b.CString(at), unix.S_IFREG|0o444, 0)
		b.attach(&item{path: "/box/" + n.Name, fd: tree}, at, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	}
}
