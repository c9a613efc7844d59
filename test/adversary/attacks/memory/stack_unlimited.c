// Lift the limit of the stack, which lays the address space out in the old and
// predictable way for the next program.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};
	try_one("setrlimit RLIMIT_STACK", setrlimit(RLIMIT_STACK, &r));
}
