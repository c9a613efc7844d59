// Scan the ports of the host's 127.0.0.1.
//
// Proof: plain

#include "../attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static void attack(void) {
	int fd = socket(AF_INET, SOCK_STREAM, 0), open = 0;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (int port = told_number("port") - 2; port <= told_number("port") + 2; port++) {
		a.sin_port = htons(port);
		open += connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
		close(fd);
		fd = socket(AF_INET, SOCK_STREAM, 0);
	}
	if (open)
		breached("%d ports near it answer", open);
	refused("a scan of ports");
}
