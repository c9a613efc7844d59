// Reach the host's files through the root link of a process outside.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	long pids[] = {told_number("pid"), 1, getppid(), getpid()};
	for (int i = 0; i < 4; i++) {
		char path[PATH_MAX];
		snprintf(path, sizeof path, "/proc/%ld/root%s", pids[i], told("open"));
		if (contains(path, told("marker")))
			breached("%s was read", path);
		snprintf(path, sizeof path, "/proc/%ld/cwd/../../../../../../..%s", pids[i], told("open"));
		if (contains(path, told("marker")))
			breached("%s was read", path);
	}
	refused("root and cwd of each");
}
