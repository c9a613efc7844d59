// Change attributes of a file that was shown read-only.
//
// Proof: plain
// Flags: --ro {open}

#include "../attack.h"
#include <sys/xattr.h>

static void attack(void) {
	if (access(told("open"), R_OK) != 0)
		breached("it is not there, and nothing is proved");
	tried("utimensat", utimensat(AT_FDCWD, told("open"), NULL, 0));
	tried("chmod", chmod(told("open"), 0666));
	tried("setxattr", setxattr(told("open"), "user.jail", "1", 1, 0));
	refused("utimensat, chmod, setxattr");
}
