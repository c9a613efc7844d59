// Open a raw socket, which sees and forges packets.
//
// Proof: own

#include "../attack.h"
#include <netinet/in.h>

static void attack(void) {
	tried("SOCK_RAW", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	tried("SOCK_RAW, IPv6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	refused("socket");
}
