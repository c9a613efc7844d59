// Attach the host's System V shared memory.
//
// Proof: plain

#include "../attack.h"
#include <sys/shm.h>

static void attack(void) {
	int id = shmget(told_number("key"), 0, 0);
	void *p = id >= 0 ? shmat(id, NULL, SHM_RDONLY) : (void *)-1;
	if (p != (void *)-1 && !strcmp(p, told("marker")))
		breached("it was read");
	refused("shmget");
}
