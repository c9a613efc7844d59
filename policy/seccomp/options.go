package seccomp

import "golang.org/x/sys/unix"

// Not in x/sys/unix: linux/in6.h and linux/tcp.h.
const (
	ipv6FlowlabelMgr = 32
	tcpAOAddKey      = 38
)

const (
	whyOption    = "holds kernel memory that no memory group is charged for, up to net.core.optmem_max (128 KiB) for a socket of 3 KB"
	whyBuffer    = "a connection has its listener's, and no memory group is charged for what waits in one that nobody accepts"
	fixMulticast = "send to each receiver: there is none outside of the jail"
)

// optionChecks keep programs from socket options by which a socket holds many
// times what it is charged for. Refused is what few programs need, as by a kernel
// without the option (ENOPROTOOPT, setsockopt(2)): libraries go on without it. To
// multicast the answer is that of a host without a device for it (ENODEV), which
// programs in a jail get anyway if they name none; Java makes an I/O error of the
// one, and of the other a defect of the program. What is asked for as a matter of
// form is told as done.
//
// Level and option are ints.
var optionChecks = []Check{
	{
		Call: "setsockopt", Words: "level is SOL_SOCKET, and option SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE or SO_RCVBUFFORCE",
		Why: whyBuffer + "; the kernel takes the size as advice", // socket(7): it doubles and bounds it
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.SOL_SOCKET}},
			{Index: 2, Mask: Low32, Values: []uint64{unix.SO_SNDBUF, unix.SO_RCVBUF, unix.SO_SNDBUFFORCE, unix.SO_RCVBUFFORCE}},
		},
		Answer: Action{Kind: KindIgnore},
	},
	{
		Call: "setsockopt", Words: "level is SOL_SOCKET, and option SO_RCVLOWAT", Why: "widens the receive buffer: " + whyBuffer,
		Fix: "read until there is enough",
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.SOL_SOCKET}},
			{Index: 2, Mask: Low32, Values: []uint64{unix.SO_RCVLOWAT}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.ENOPROTOOPT},
	},
	{
		Call: "setsockopt", Words: "level is SOL_SOCKET, and option SO_ZEROCOPY or SO_RESERVE_MEM", Why: whyOption,
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.SOL_SOCKET}},
			{Index: 2, Mask: Low32, Values: []uint64{unix.SO_ZEROCOPY, unix.SO_RESERVE_MEM}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.ENOPROTOOPT},
	},
	{
		Call: "setsockopt", Words: "level is IPPROTO_IP, and option any of IP_* and MCAST_* that joins, blocks or filters multicast", Why: whyOption,
		Fix: fixMulticast,
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.IPPROTO_IP}},
			{Index: 2, Mask: Low32, Values: []uint64{
				unix.IP_ADD_MEMBERSHIP, unix.IP_UNBLOCK_SOURCE, unix.IP_BLOCK_SOURCE, unix.IP_ADD_SOURCE_MEMBERSHIP, unix.IP_MSFILTER,
				unix.MCAST_JOIN_GROUP, unix.MCAST_BLOCK_SOURCE, unix.MCAST_UNBLOCK_SOURCE, unix.MCAST_JOIN_SOURCE_GROUP, unix.MCAST_MSFILTER,
			}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.ENODEV},
	},
	{
		Call: "setsockopt", Words: "level is IPPROTO_IP, and option IP_RECVERR", Why: whyErrors,
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.IPPROTO_IP}},
			{Index: 2, Mask: Low32, Values: []uint64{unix.IP_RECVERR}},
		},
		Answer: Action{Kind: KindIgnore},
	},
	{
		Call: "setsockopt", Words: "level is IPPROTO_IPV6, and option IPV6_JOIN_* or MCAST_* that joins, blocks or filters multicast", Why: whyOption,
		Fix: fixMulticast,
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.IPPROTO_IPV6}},
			{Index: 2, Mask: Low32, Values: []uint64{
				unix.IPV6_JOIN_GROUP, unix.IPV6_JOIN_ANYCAST,
				unix.MCAST_JOIN_GROUP, unix.MCAST_BLOCK_SOURCE, unix.MCAST_UNBLOCK_SOURCE, unix.MCAST_JOIN_SOURCE_GROUP, unix.MCAST_MSFILTER,
			}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.ENODEV},
	},
	{
		Call: "setsockopt", Words: "level is IPPROTO_IPV6, and option IPV6_FLOWLABEL_MGR, IPV6_2292PKTOPTIONS or an extension header",
		Why: whyOption + "; flow labels are 4096 for the whole host",
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.IPPROTO_IPV6}},
			{Index: 2, Mask: Low32, Values: []uint64{
				ipv6FlowlabelMgr, unix.IPV6_2292PKTOPTIONS, unix.IPV6_HOPOPTS, unix.IPV6_RTHDRDSTOPTS, unix.IPV6_RTHDR, unix.IPV6_DSTOPTS,
			}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.ENOPROTOOPT},
	},
	{
		Call: "setsockopt", Words: "level is IPPROTO_IPV6, and option IPV6_RECVERR", Why: whyErrors,
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.IPPROTO_IPV6}},
			{Index: 2, Mask: Low32, Values: []uint64{unix.IPV6_RECVERR}},
		},
		Answer: Action{Kind: KindIgnore},
	},
	{
		Call: "setsockopt", Words: "level is IPPROTO_TCP, and option TCP_MD5SIG, TCP_MD5SIG_EXT, TCP_AO_ADD_KEY, TCP_FASTOPEN_KEY or TCP_ULP",
		Why: whyOption + "; TLS in the kernel was broken often (CVE-2023-0461, CVE-2024-26582)", Fix: "do TLS in the program",
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.IPPROTO_TCP}},
			{Index: 2, Mask: Low32, Values: []uint64{unix.TCP_MD5SIG, unix.TCP_MD5SIG_EXT, tcpAOAddKey, unix.TCP_FASTOPEN_KEY, unix.TCP_ULP}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.ENOPROTOOPT},
	},
}

// whyErrors: glibc's resolver gives up where it is refused the option, and needs
// no more than the error of a connected socket (res_send.c).
const whyErrors = "queues errors with the packets that met them, up to a receive buffer (208 KiB) for each socket, that no memory group is charged for; a connected socket is told of errors anyway"
