// Leave the core that the jail is bound to.
//
// Proof: jail
// Flags: --cores 0

#include "../attack.h"

static void attack(void) {
	cpu_set_t set;
	memset(&set, 0xff, sizeof set);
	sched_setaffinity(0, sizeof set, &set);
	sched_getaffinity(0, sizeof set, &set);
	if (CPU_COUNT(&set) > 1)
		breached("it may run on %d cores", CPU_COUNT(&set));
	held("it runs on one core");
}
