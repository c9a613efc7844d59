package plan

import (
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/rootfs"
	"golang.org/x/sys/unix"
)

// openDevices takes the devices from the host, before /dev is out of sight.
func (b *builder) openDevices() {
	for _, d := range rootfs.Dev() {
		fd := tape.Addr(0)
		if d.Kind == rootfs.DevNode {
			fd = b.Var(8)
			b.Call("open /dev/"+d.Name, unix.SYS_OPEN_TREE, atFdcwd, b.CString("/dev/"+d.Name), unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC).Into(fd)
		}
		b.devs = append(b.devs, device{d, fd})
	}
}

// device is an entry of /dev, and the host's node where it is one.
type device struct {
	rootfs.DevEntry
	fd tape.Addr
}

// devices fills /dev, which is dir below the staging directory: no console, no kmsg, no fuse, no kvm.
func (b *builder) devices(dir string) {
	// Read-only: a device can be written all the same, but its inode, which is
	// the host's, keeps its times and mode.
	attr := uint64(unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NOEXEC)
	set := b.attributes(attr)
	for _, d := range b.devs {
		at := dir + d.Name
		switch d.Kind {
		case rootfs.DevLink:
			b.Call("link /dev/"+d.Name, unix.SYS_SYMLINKAT, b.CString(d.Target), atFdcwd, b.CString(at)).Because(d.Why)
		case rootfs.DevFolder:
			b.mkdir(at, uint64(d.Mode)).Soft()
		case rootfs.DevNode:
			b.Call("make the mount point /dev/"+d.Name, unix.SYS_MKNODAT, atFdcwd, b.CString(at), unix.S_IFREG|0o444, 0).Because(d.Why)
			if !b.setsAttributes() {
				b.attachThenSet(&item{path: "/dev/" + d.Name, fd: d.fd}, "/dev/"+d.Name, at, attr)
				continue
			}
			b.Call("set the mount attributes of /dev/"+d.Name, unix.SYS_MOUNT_SETATTR, uint64(d.fd), b.CString(""), unix.AT_EMPTY_PATH, set, 32).Loading(0)
			b.move(d.fd, at, "/dev/"+d.Name)
		}
	}
	b.mount("devpts", b.CString(dir+"pts"), "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,max=16")
}
