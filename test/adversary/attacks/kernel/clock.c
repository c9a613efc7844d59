// Set the machine's clock. The tick is out of range, so where the attack is not
// held the kernel says EINVAL and leaves the clock alone.
//
// Proof: plain
// Users: root

#include "../attack.h"
#include <sys/timex.h>
#include <time.h>

static void attack(void) {
	struct timex t = {.modes = ADJ_TICK, .tick = 1};
	if (adjtimex(&t) == -1 && errno == EINVAL)
		breached("adjtimex: the kernel has looked at the tick");
	t = (struct timex){.modes = ADJ_TICK, .tick = 1};
	if (syscall(SYS_clock_adjtime, CLOCK_REALTIME, &t) == -1 && errno == EINVAL)
		breached("clock_adjtime: the kernel has looked at the tick");
	refused("adjtimex, clock_adjtime");
}
