// route [ADDRESS]: asks for a route to ADDRESS (default 192.0.2.1, a
// documentation address) by connecting a UDP socket, which sends no packet.
// Prints "route" and exits 0, or the error and exits 3.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, argc > 1 ? argv[1] : "192.0.2.1", &to.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		printf("no route: %s\n", strerror(errno));
		return 3;
	}
	puts("route");
	return 0;
}
