// Become root again, by each call that changes the user's id.
//
// Proof: own

#include "../attack.h"
#include <sys/fsuid.h>

static void attack(void) {
	setreuid(0, 0);
	setresuid(0, 0, 0);
	if (setuid(0) == 0 || geteuid() == 0)
		breached("the effective id is 0");
	setfsuid(0);
	if (setfsuid(-1) == 0)
		breached("the file system's id is 0");
	refused("setuid, setreuid, setresuid, setfsuid");
}
