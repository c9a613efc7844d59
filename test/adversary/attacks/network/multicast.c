// Join multicast groups, whose lists the kernel keeps for each socket.
//
// Proof: plain

#include "../attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static void attack(void) {
	struct ip_mreqn m = {.imr_ifindex = 1};
	inet_pton(AF_INET, "239.1.2.3", &m.imr_multiaddr);
	try_one("IP_ADD_MEMBERSHIP", setsockopt(socket(AF_INET, SOCK_DGRAM, 0), IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
}
