// Read a file of the host's that only root may read.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	if (contains(told("secret"), told("marker")))
		breached("the secret was read");
	refused("open");
}
