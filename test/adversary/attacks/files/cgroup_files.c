// Open the control groups' files for writing, and so undo every limit.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *names[] = {"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs", "/sys/fs/cgroup/pids/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		tried(names[i], open(names[i], O_WRONLY));
	refused("open of each");
}
