package plan

import (
	"github.com/jailrun/jail/isolate/tape"
	"github.com/jailrun/jail/policy"
	"golang.org/x/sys/unix"
)

// A network namespace costs as much as all the others together. So init is not
// born into one: the stage makes it in init's user namespace, while init builds
// the root, and hands it over.

// makeNetwork is the stage's part, once init is born.
func (b *builder) makeNetwork(initFd tape.Addr) {
	if !b.layer(policy.LayerNetNS) {
		return
	}
	if b.on(policy.LayerUserNS) {
		b.Call("enter init's user namespace", unix.SYS_SETNS, uint64(initFd), unix.CLONE_NEWUSER).Loading(0).
			Because("the network namespace is to be init's, not the host's")
	}
	b.Call("make a network namespace", unix.SYS_UNSHARE, unix.CLONE_NEWNET).
		Because("it takes as long as building the root, and is done beside it")
	if !b.freshProc() {
		for _, c := range bounds {
			b.setShared("net/"+c.name, c.value, c.why)
		}
	}
	if b.in.Policy.Net != policy.NetNone {
		b.loopback()
	}
	msg, _ := b.fdMessage(MsgNet)
	b.Call("open the network namespace", unix.SYS_OPENAT, atFdcwd, b.CString("/proc/self/ns/net"), unix.O_RDONLY|unix.O_CLOEXEC, 0).Into(msg.fd)
	b.Call("hand it over to init", unix.SYS_SENDMSG, FdNetStage, uint64(msg.hdr), 0)
}

// bounds lower what the kernel keeps for sockets without charging it to a memory
// group: connections that nobody has accepted yet, and what came in on them, and
// lists that are set as options. The files are of the new namespace alone
// (Documentation/admin-guide/sysctl/net.rst), and none need be there.
var bounds = [...]struct{ name, value, why string }{
	{"core/somaxconn", "128", "the default is 4096 unaccepted connections to a listener"},
	{"core/optmem_max", "20480", "the kernel's own default until Linux 6.7"},
	{"ipv4/tcp_rmem", "4096 16384 4194304", "what is accepted grows beyond, and is charged"},
}

func (b *builder) loopback() {
	fd := b.Var(8)
	ifr := make([]byte, 40) // struct ifreq, netdevice(7)
	copy(ifr, "lo")
	ifr[16] = unix.IFF_UP | unix.IFF_RUNNING
	b.Call("open a socket for loopback", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0).Into(fd)
	b.Call("bring loopback up", unix.SYS_IOCTL, uint64(fd), unix.SIOCSIFFLAGS, b.Const(ifr)).Loading(0).
		Because("programs talk to themselves over 127.0.0.1")
}

// joinNetwork is init's part, once the root stands.
func (b *builder) joinNetwork() {
	if !b.layer(policy.LayerNetNS) {
		return
	}
	hdr, fds := b.inbox(1)
	b.Call("let go of the stage's end", unix.SYS_CLOSE, FdNetStage).Because("a stage that fails is then the end of the socket")
	b.Call("wait for the network namespace", unix.SYS_RECVMSG, FdNet, hdr, unix.MSG_CMSG_CLOEXEC).Zero = b.initDead
	b.Call("enter the network namespace", unix.SYS_SETNS, uint64(fds), unix.CLONE_NEWNET).Loading(0)
}
