// Use more memory than the limit, by files in /tmp and /dev/shm.
//
// Proof: jail --memory 1G --disk 512M
// Flags: --memory 64M --disk 512M
// Users: root

#include "../attack.h"

static void attack(void) {
	static char block[1 << 20];
	memset(block, 1, sizeof block);
	int fd[2] = {open("/tmp/x", O_CREAT | O_RDWR, 0600), open("/dev/shm/x", O_CREAT | O_RDWR, 0600)};
	for (int i = 0; i < 192; i++)
		if (write(fd[i % 2], block, sizeof block) != sizeof block)
			refused("write");
	breached("192 MiB are in use");
}
