// Make more files than the limit.
//
// Proof: jail --inodes 1000
// Flags: --inodes 100

#include "../attack.h"

static void attack(void) {
	for (int i = 0; i < 300; i++) {
		char path[64];
		snprintf(path, sizeof path, "%s/%d", (const char *[]){"/tmp", "/box", "/dev/shm"}[i % 3], i);
		if (i % 2 ? mkdir(path, 0700) : symlink("x", path))
			refused("mkdir, symlink");
	}
	breached("300 files were made");
}
