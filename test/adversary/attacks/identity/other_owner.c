// Give a file to another user.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	char path[] = "/tmp/jail-adversary-XXXXXX";
	int fd = mkstemp(path);
	int ok = fchown(fd, 65534, 65534);
	int why = errno;
	unlink(path);
	errno = why;
	try_one("fchown to 65534", ok);
}
