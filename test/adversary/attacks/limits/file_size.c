// Make a larger file than the limit, by each call that makes one grow.
//
// Proof: jail --file-size 8M
// Flags: --file-size 1M

#include "../attack.h"

static void attack(void) {
	signal(SIGXFSZ, SIG_IGN);
	int fd = open("/tmp/x", O_CREAT | O_RDWR, 0600);
	tried("ftruncate", ftruncate(fd, 2 << 20));
	tried("pwrite", pwrite(fd, "x", 1, 2 << 20));
	try_one("fallocate", fallocate(fd, 0, 0, 2 << 20));
}
