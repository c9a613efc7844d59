// Take more than a fair share of the processor.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	tried("setpriority -5", setpriority(PRIO_PROCESS, 0, -5));
	errno = 0;
	if (nice(-5) != -1 || errno == 0)
		breached("nice -5");
	refused("setpriority");
}
