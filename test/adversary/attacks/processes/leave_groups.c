// Leave the control groups by which limits hold.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *files[] = {"/sys/fs/cgroup/memory/tasks", "/sys/fs/cgroup/pids/tasks", "/sys/fs/cgroup/cgroup.procs"};
	for (int i = 0; i < 3; i++) {
		int fd = open(files[i], O_WRONLY);
		if (fd >= 0 && write(fd, "0", 1) == 1)
			breached("it moved by %s", files[i]);
	}
	refused("open of each");
}
