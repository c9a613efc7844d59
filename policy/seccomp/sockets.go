package seccomp

import "golang.org/x/sys/unix"

// sockType takes the flags out of socket(2)'s second argument.
const sockType = Low32 &^ (unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC)

const (
	whyFamily = "the family is on no list: AF_VSOCK and others are in no namespace, and asking for a rare one loads its module (CVE-2021-26708, CVE-2017-6074)"
	whyProto  = "the type or protocol is on no list: raw, MPTCP, SMC and netlink's other protocols reach past the network rules"
)

// filterChecks keep programs from filters of their own on sockets: each is
// turned to machine code from a budget of the host's (net.core.bpf_jit_limit),
// which no memory group is charged for.
var filterChecks = []Check{
	{
		Call: "setsockopt", Words: "level is SOL_SOCKET, and option SO_ATTACH_FILTER, SO_ATTACH_BPF or SO_ATTACH_REUSEPORT_*",
		Why: "runs programs in the kernel, and uses up the memory that the whole host has for them",
		Fix: "filter in the program",
		When: []Arg{
			{Index: 1, Mask: Low32, Values: []uint64{unix.SOL_SOCKET}},
			{Index: 2, Mask: Low32, Values: []uint64{
				unix.SO_ATTACH_FILTER, unix.SO_ATTACH_BPF, unix.SO_ATTACH_REUSEPORT_CBPF, unix.SO_ATTACH_REUSEPORT_EBPF,
			}},
		},
		Answer: Action{Kind: KindErrno, Errno: unix.EPERM},
	},
}

// socketChecks are a list of allowed sockets: a protocol that a newer kernel
// brings stays out.
var socketChecks = []Check{
	{
		Call: "socket", Words: "AF_UNIX, stream, datagram or seqpacket, protocol 0", Why: "talks inside the jail",
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{unix.AF_UNIX}},
			{Index: 1, Mask: sockType, Values: []uint64{unix.SOCK_STREAM, unix.SOCK_DGRAM, unix.SOCK_SEQPACKET}},
			{Index: 2, Mask: Low32, Values: []uint64{0}},
		},
		Answer: Action{Kind: KindAllow},
	},
	{
		Call: "socket", Words: "AF_INET or AF_INET6, stream, TCP", Why: "TCP in the jail's network",
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{unix.AF_INET, unix.AF_INET6}},
			{Index: 1, Mask: sockType, Values: []uint64{unix.SOCK_STREAM}},
			{Index: 2, Mask: Low32, Values: []uint64{0, unix.IPPROTO_TCP}},
		},
		Answer: Action{Kind: KindAllow},
	},
	{
		Call: "socket", Words: "AF_INET or AF_INET6, datagram, UDP", Why: "UDP in the jail's network",
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{unix.AF_INET, unix.AF_INET6}},
			{Index: 1, Mask: sockType, Values: []uint64{unix.SOCK_DGRAM}},
			{Index: 2, Mask: Low32, Values: []uint64{0, unix.IPPROTO_UDP}},
		},
		Answer: Action{Kind: KindAllow},
	},
	{
		Call: "socket", Words: "AF_NETLINK, NETLINK_ROUTE",
		Why: "getifaddrs(3) and getaddrinfo(3) list the jail's interfaces; but what waits to be read there counts as no group's memory",
		Fix: "close netlink sockets after use",
		When: []Arg{
			{Index: 0, Mask: Low32, Values: []uint64{unix.AF_NETLINK}},
			{Index: 1, Mask: sockType, Values: []uint64{unix.SOCK_RAW, unix.SOCK_DGRAM}},
			{Index: 2, Mask: Low32, Values: []uint64{unix.NETLINK_ROUTE}},
		},
		Answer: Action{Kind: KindBudget, Errno: unix.ENOBUFS, Most: 16, Alone: unix.EAFNOSUPPORT},
	},
	{
		Call: "socket", Words: "any other of AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK", Why: whyProto,
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}}},
		Answer: Action{Kind: KindErrno, Errno: unix.EPROTONOSUPPORT},
	},
	{
		Call: "socket", Words: "any other family", Why: whyFamily,
		Answer: Action{Kind: KindErrno, Errno: unix.EAFNOSUPPORT},
	},
	{
		Call: "socketpair", Words: "AF_UNIX", Why: "talks inside the jail",
		When:   []Arg{{Index: 0, Mask: Low32, Values: []uint64{unix.AF_UNIX}}},
		Answer: Action{Kind: KindAllow},
	},
	{
		Call: "socketpair", Words: "any other family", Why: whyFamily,
		Answer: Action{Kind: KindErrno, Errno: unix.EAFNOSUPPORT},
	},
}
