// List the host's System V objects by their numbers.
//
// Proof: plain

#include "../attack.h"
#include <sys/shm.h>

static void attack(void) {
	struct shmid_ds d;
	for (int i = 0; i < 128; i++)
		tried("SHM_STAT", shmctl(i, SHM_STAT, &d));
	if (contains("/proc/sysvipc/shm", "\n "))
		breached("/proc/sysvipc/shm lists some");
	refused("SHM_STAT of each");
}
