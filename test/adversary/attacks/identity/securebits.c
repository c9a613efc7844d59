// Unlock the securebits, so that uid 0 means all capabilities again.
//
// Proof: own

#include "../attack.h"

static void attack(void) {
	try_one("PR_SET_SECUREBITS", prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
}
