// Take a mount away, to see what it covers.
//
// Proof: own
// Users: root

#include "../attack.h"
#include <sys/mount.h>

static void attack(void) {
	tried("umount2 /proc", umount2("/proc", MNT_DETACH));
	try_one("umount2 /dev", umount2("/dev", MNT_DETACH));
}
