// Have a core dumped, which the host's handler would take as root.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};
	if (setrlimit(RLIMIT_CORE, &r) == 0)
		breached("the limit of core dumps was lifted");
	getrlimit(RLIMIT_CORE, &r);
	if (r.rlim_max > 1)
		breached("cores of %lu bytes are allowed", r.rlim_max);
	refused("setrlimit RLIMIT_CORE");
}
