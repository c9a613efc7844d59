// Enter a group of the host's.
//
// Proof: plain
// Users: root

#include "../attack.h"
#include <grp.h>

static void attack(void) {
	gid_t disk = 6;
	tried("setgroups", setgroups(1, &disk));
	try_one("setresgid", setresgid(6, 6, 6));
}
