// Have the kernel signal a process of the host's, as the owner of a descriptor.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	int pair[2];
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	fcntl(pair[0], F_SETOWN, (int)told_number("pid"));
	if (fcntl(pair[0], F_GETOWN) == told_number("pid"))
		breached("F_SETOWN: it will be signalled");
	refused("F_SETOWN");
}
