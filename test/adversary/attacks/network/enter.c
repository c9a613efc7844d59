// Enter the network of a process outside.
//
// Proof: own
// Users: root

#include "../attack.h"

static void attack(void) {
	char path[64];
	long pids[] = {told_number("pid"), 1, getpid()};
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "/proc/%ld/ns/net", pids[i]);
		int fd = open(path, O_RDONLY);
		if (fd >= 0)
			tried("setns", setns(fd, CLONE_NEWNET));
	}
	refused("setns to the network of each");
}
