// Signal every process that may be signalled.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	try_one("kill -1", kill(-1, 0));
}
