// Read a file of the host's that everybody may read, but that was not shown.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	if (contains(told("open"), told("marker")))
		breached("it was read");
	refused("open");
}
