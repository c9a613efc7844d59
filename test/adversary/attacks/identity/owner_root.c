// Make a file that belongs to root.
//
// Proof: own

#include "../attack.h"

static void attack(void) {
	char path[] = "/tmp/jail-adversary-XXXXXX";
	int fd = mkstemp(path);
	int ok = fchown(fd, 0, 0);
	int why = errno;
	unlink(path);
	errno = why;
	try_one("fchown to root", ok);
}
