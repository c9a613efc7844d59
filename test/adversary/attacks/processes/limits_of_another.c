// Read and change the limits of a process of the host's.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	struct rlimit r;
	try_one("prlimit", prlimit(told_number("pid"), RLIMIT_NOFILE, NULL, &r));
}
