// Open the program of the parent, which runs with more rights: it could be
// overwritten for the next run (CVE-2019-5736).
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/exe", getppid());
	tried(path, open(path, O_RDONLY));
	if (getpid() == 1)
		refused("open of the parent's"); // pid 1 is ourselves, and shows nothing
	try_one("/proc/1/exe", open("/proc/1/exe", O_PATH));
}
