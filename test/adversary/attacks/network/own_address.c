// Reach a service by an address that the host has, and that a socket can be bound
// to there.
//
// Proof: plain

#include "../attack.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

static void attack(void) {
	struct sockaddr_in a = {.sin_family = AF_INET};
	inet_pton(AF_INET, told("address"), &a.sin_addr);
	try_one("bind to the host's address", bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&a, sizeof a));
}
