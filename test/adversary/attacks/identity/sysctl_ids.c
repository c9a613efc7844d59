// Raise the bounds of the user namespace that the jail is in.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *names[] = {"/proc/sys/user/max_user_namespaces", "/proc/sys/kernel/keys/maxkeys", "/proc/sys/kernel/pid_max", "/proc/sys/fs/file-max"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		tried(names[i], open(names[i], O_WRONLY));
	refused("open of each");
}
