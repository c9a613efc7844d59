// Find a route to the world: a datagram socket's connect looks one up, and sends
// nothing. The address is for documentation (RFC 5737).
//
// Proof: plain

#include "../attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static void attack(void) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(53)};
	inet_pton(AF_INET, "192.0.2.1", &a.sin_addr);
	try_one("connect", connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&a, sizeof a));
}
