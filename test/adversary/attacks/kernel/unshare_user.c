// Make a user namespace, in which every capability is there again.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	try_one("unshare CLONE_NEWUSER", unshare(CLONE_NEWUSER));
}
