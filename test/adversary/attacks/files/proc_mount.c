// Mount procfs anew, without the masks.
//
// Proof: own

#include "../attack.h"
#include <sys/mount.h>

static void attack(void) {
	mkdir("/tmp/jail-adversary-proc", 0700);
	int ok = mount("proc", "/tmp/jail-adversary-proc", "proc", 0, NULL);
	int why = errno;
	umount2("/tmp/jail-adversary-proc", MNT_DETACH);
	rmdir("/tmp/jail-adversary-proc");
	errno = why;
	try_one("mount of proc", ok);
}
