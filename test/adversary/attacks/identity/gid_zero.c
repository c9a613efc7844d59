// Become a member of root's group.
//
// Proof: own

#include "../attack.h"
#include <sys/fsuid.h>

static void attack(void) {
	setregid(0, 0);
	if (setgid(0) == 0 || getegid() == 0)
		breached("the effective group is 0");
	setfsgid(0);
	if (setfsgid(-1) == 0)
		breached("the file system's group is 0");
	refused("setgid, setregid, setfsgid");
}
