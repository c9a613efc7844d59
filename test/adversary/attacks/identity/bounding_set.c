// Find a capability in the bounding set, which a program with file capabilities
// would gain.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	for (int c = 0; c < 64; c++)
		if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1)
			breached("capability %d is in it", c);
	held("it is empty");
}
