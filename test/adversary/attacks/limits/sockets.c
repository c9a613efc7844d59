// Use more memory than the limit, by what waits in sockets.
//
// Proof: jail --memory 1G
// Flags: --memory 16M
// Users: root

#include "../attack.h"

static void attack(void) {
	static char block[1 << 16];
	size_t total = 0;
	for (int i = 0; i < 450 && total < 40 << 20; i++) {
		int p[2];
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p) != 0)
			refused("socketpair");
		for (int k = 0; k < 2; k++)
			for (ssize_t n; (n = write(p[k], block, sizeof block)) > 0;)
				total += n;
	}
	if (total >= 40 << 20)
		breached("%zu MiB wait in sockets", total >> 20);
	held("no more than %zu MiB fit", total >> 20);
}
