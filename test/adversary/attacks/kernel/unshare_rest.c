// Make any other namespace.
//
// Proof: own

#include "../attack.h"

static void attack(void) {
	static const int flags[] = {CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		tried("unshare", unshare(flags[i]));
	refused("unshare of each");
}
