// Read the environment of another process of the same user.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%ld/environ", told_number("pid"));
	if (contains(path, told("marker")))
		breached("%s was read", path);
	refused(path);
}
