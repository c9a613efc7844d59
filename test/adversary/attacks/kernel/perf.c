// Open a performance event of the attack's own process.
//
// Proof: plain

#include "../attack.h"
#include <linux/perf_event.h>

static void attack(void) {
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1, .exclude_hv = 1};
	try_one("perf_event_open", syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}
