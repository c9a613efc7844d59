// Become another user of the host's.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	try_one("setresuid 65534", setresuid(65534, 65534, 65534));
}
