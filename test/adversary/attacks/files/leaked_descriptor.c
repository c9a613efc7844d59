// Use a descriptor that the caller has left open, here one of the host's root
// (CVE-2024-21626).
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	for (int fd = 3; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			breached("descriptor %d is open", fd);
	held("none but the three streams is open");
}
