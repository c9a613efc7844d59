// Map more users into the user namespace.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	int was = getuid();
	unshare(CLONE_NEWUSER);
	char line[64];
	snprintf(line, sizeof line, "0 %d 1\n", was);
	int fd = open("/proc/self/uid_map", O_WRONLY);
	if (fd >= 0 && write(fd, line, strlen(line)) > 0)
		breached("uid_map was written");
	refused("uid_map");
}
