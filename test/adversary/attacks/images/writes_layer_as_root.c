// Write to a file of an image's layer as root inside, who has DAC_OVERRIDE there.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../attack.h"

static void attack(void) {
	try_one("open", open(told("layer"), O_WRONLY | O_CLOEXEC));
}
