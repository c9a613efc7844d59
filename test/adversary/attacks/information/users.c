// List the host's users.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	if (contains("/etc/passwd", "\ndaemon:") || contains("/etc/group", "\ndaemon:"))
		breached("/etc/passwd is the host's");
	held("none but the jail's own is named");
}
