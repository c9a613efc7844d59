// Use more memory than the limit, by System V shared memory, which outlives its
// processes.
//
// Proof: jail --memory 1G
// Flags: --memory 64M
// Users: root

#include "../attack.h"
#include <sys/shm.h>

static void attack(void) {
	for (int i = 0; i < 12; i++) {
		int id = shmget(IPC_PRIVATE, 16 << 20, IPC_CREAT | 0600);
		char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
		if (p == (char *)-1)
			refused("shmget");
		fill(p, 16 << 20);
		shmdt(p);
	}
	breached("192 MiB are in use");
}
