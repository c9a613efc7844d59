// Use the host's System V objects, which have no path: shared memory, a queue, the
// list of all.
//
// Proof: plain

#include "../attack.h"
#include <sys/msg.h>
#include <sys/shm.h>

static void attack(void) {
	int id = shmget(told_number("key"), 0, 0);
	void *p = id >= 0 ? shmat(id, NULL, SHM_RDONLY) : (void *)-1;
	if (p != (void *)-1 && !strcmp(p, told("marker")))
		breached("shared memory was read");
	tried("msgget", msgget(told_number("key"), 0));
	struct shmid_ds d;
	for (int i = 0; i < 128; i++)
		tried("SHM_STAT", shmctl(i, SHM_STAT, &d));
	refused("shmget, msgget, SHM_STAT");
}
