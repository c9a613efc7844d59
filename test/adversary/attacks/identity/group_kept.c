// Use a supplementary group that the caller is in.
//
// Proof: plain
// Groups: yes
// Users: root

#include "../attack.h"

static void attack(void) {
	gid_t list[64];
	int n = getgroups(64, list);
	if (n > 0)
		breached("it is in group %d", list[0]);
	held("it is in no group but its own");
}
