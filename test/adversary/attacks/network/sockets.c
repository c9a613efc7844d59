// Open a socket of a family that few use, configure the kernel by netlink, or
// fill its lists of multicast groups: code that has had many flaws.
//
// Proof: plain

#include "../attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static void attack(void) {
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
	for (int family = 3; family < 50; family++)
		for (int i = 0; i < 4 && family != AF_INET6 && family != AF_NETLINK && family != AF_PACKET; i++)
			if (socket(family, types[i], 0) >= 0)
				breached("family %d, type %d", family, types[i]);
	for (int family = 1; family < 24; family++) // 0 is that of routes, by which a program lists its own interfaces
		if (socket(AF_NETLINK, SOCK_RAW, family) >= 0)
			breached("netlink family %d", family);
	struct ip_mreqn m = {.imr_ifindex = 1};
	inet_pton(AF_INET, "239.1.2.3", &m.imr_multiaddr);
	tried("IP_ADD_MEMBERSHIP", setsockopt(socket(AF_INET, SOCK_DGRAM, 0), IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
	refused("each");
}
