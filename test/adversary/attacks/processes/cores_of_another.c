// Bind a process of the host's to a core.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	cpu_set_t set;
	if (sched_getaffinity(told_number("pid"), sizeof set, &set) == 0)
		try_one("sched_setaffinity", sched_setaffinity(told_number("pid"), sizeof set, &set));
	refused("sched_getaffinity");
}
