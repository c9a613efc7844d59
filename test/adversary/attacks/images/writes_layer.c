// Write to a file of an image's layer, which all jails of that image share.
//
// Proof: plain
// Flags: --image {image}

#include "../attack.h"

static void attack(void) {
	try_one("open", open(told("layer"), O_WRONLY | O_CLOEXEC));
}
