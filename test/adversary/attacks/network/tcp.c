// Connect to a service on the host's 127.0.0.1.
//
// Proof: plain

#include "../attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static void attack(void) {
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(told_number("port")), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	try_one("connect", connect(fd, (struct sockaddr *)&a, sizeof a));
}
