// Use more memory than the limit, by what waits in pipes.
//
// Proof: jail --memory 1G
// Flags: --memory 16M
// Users: root

#include "../attack.h"

static void attack(void) {
	static char block[1 << 16];
	size_t total = 0;
	for (int i = 0; i < 450 && total < 24 << 20; i++) {
		int p[2];
		if (pipe2(p, O_NONBLOCK) != 0)
			refused("pipe");
		for (ssize_t n; (n = write(p[1], block, sizeof block)) > 0;)
			total += n;
	}
	if (total >= 24 << 20)
		breached("%zu MiB wait in pipes", total >> 20);
	held("no more than %zu MiB fit", total >> 20);
}
