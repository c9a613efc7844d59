// Open a socket of a family that few use, and whose code has had many flaws.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	for (int family = 3; family < 50; family++) {
		if (family == AF_INET6 || family == AF_NETLINK || family == AF_PACKET)
			continue;
		static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
		for (int i = 0; i < 4; i++)
			if (socket(family, types[i], 0) >= 0)
				breached("family %d, type %d", family, types[i]);
	}
	refused("socket of each family");
}
