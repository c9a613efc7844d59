// Open the host's POSIX shared memory.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	char path[PATH_MAX];
	snprintf(path, sizeof path, "/dev/shm/%s", told("shm"));
	if (contains(path, told("marker")))
		breached("it was read");
	refused(path);
}
