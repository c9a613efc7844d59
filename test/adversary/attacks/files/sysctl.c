// Open settings of the kernel for writing: core_pattern names a program that the
// host would run as root.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *names[] = {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory", "/proc/sys/fs/binfmt_misc/register", "/sys/kernel/uevent_helper"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		tried(names[i], open(names[i], O_WRONLY));
	refused("open of each");
}
