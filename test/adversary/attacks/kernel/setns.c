// Enter a namespace by its file or by a process in it.
//
// Proof: own

#include "../attack.h"

static void attack(void) {
	int fd = open("/proc/self/ns/uts", O_RDONLY);
	if (fd >= 0)
		tried("setns to a file", setns(fd, 0));
	int pid = syscall(SYS_pidfd_open, getpid(), 0);
	if (pid >= 0)
		tried("setns to a pidfd", setns(pid, CLONE_NEWUTS));
	refused("setns");
}
