// Make a device node, and reach the device by it.
//
// Proof: plain
// Users: root

#include "../attack.h"
#include <sys/sysmacros.h>

static void attack(void) {
	const char *path = "/tmp/jail-adversary-node";
	if (mknod(path, S_IFCHR | 0600, makedev(1, 5)) == 0) {
		unlink(path);
		breached("a character device was made");
	}
	if (mknod(path, S_IFBLK | 0600, makedev(7, 0)) == 0) {
		unlink(path);
		breached("a block device was made");
	}
	refused("mknod");
}
