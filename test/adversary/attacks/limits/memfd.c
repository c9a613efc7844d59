// Use more memory than the limit, by a file that lies in memory and has no name.
//
// Proof: jail --memory 1G
// Flags: --memory 64M
// Users: root

#include "../attack.h"

static void attack(void) {
	static char block[1 << 20];
	memset(block, 1, sizeof block);
	int fd = memfd_create("x", 0);
	for (int i = 0; i < 192; i++)
		if (write(fd, block, sizeof block) != sizeof block)
			refused("write");
	breached("192 MiB are in use");
}
