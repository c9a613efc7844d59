// Find a route to the address at which clouds give out credentials. Nothing is
// sent.
//
// Proof: plain

#include "../attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static void attack(void) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(80)};
	inet_pton(AF_INET, "169.254.169.254", &a.sin_addr);
	try_one("connect", connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&a, sizeof a));
}
