// Mount a file system over a folder of the system's.
//
// Proof: own

#include "../attack.h"
#include <sys/mount.h>

static void attack(void) {
	try_one("mount tmpfs on /usr", mount("tmpfs", "/usr", "tmpfs", 0, NULL));
}
