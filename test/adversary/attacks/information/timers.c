// Read the kernel's timers and the scheduler's lists, in which processes stand.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *files[] = {"/proc/timer_list", "/proc/sched_debug", "/proc/slabinfo", "/proc/locks", "/sys/kernel/debug/sched/debug"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		tried(files[i], open(files[i], O_RDONLY));
	refused("open of each");
}
