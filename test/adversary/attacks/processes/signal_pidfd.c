// Hold a process of the host's by a descriptor.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	int fd = syscall(SYS_pidfd_open, told_number("pid"), 0);
	tried("pidfd_open", fd);
	char path[64];
	snprintf(path, sizeof path, "/proc/%ld", told_number("pid"));
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	if (dir >= 0)
		tried("pidfd_send_signal to a folder of /proc", syscall(SYS_pidfd_send_signal, dir, 0, NULL, 0));
	refused("pidfd_open");
}
