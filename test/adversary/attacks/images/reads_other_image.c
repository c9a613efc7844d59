// Read a layer of another image in the same store.
//
// Proof: plain
// Flags: --image {image}

#include "../attack.h"

static void attack(void) {
	if (contains(told("other_layer"), told("marker")))
		breached("a file of another image was read");
	held("open: %s", strerror(errno));
}
