// Find the host's interfaces in sysfs.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	char path[PATH_MAX];
	snprintf(path, sizeof path, "/sys/class/net/%s", told("interface"));
	try_one(path, access(path, F_OK));
}
