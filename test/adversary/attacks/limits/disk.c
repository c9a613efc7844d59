// Fill more of the disk than the limit, over all writable folders.
//
// Proof: jail --disk 64M
// Flags: --disk 8M

#include "../attack.h"

static void attack(void) {
	static char block[1 << 20];
	int fd[3] = {open("/tmp/x", O_CREAT | O_RDWR, 0600), open("/box/x", O_CREAT | O_RDWR, 0600), open("/dev/shm/x", O_CREAT | O_RDWR, 0600)};
	for (int i = 0; i < 18; i++)
		if (write(fd[i % 3], block, sizeof block) != sizeof block)
			refused("write");
	breached("18 MiB were written");
}
