// Run before everybody else, in a real-time class.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	struct sched_param p = {.sched_priority = 1};
	tried("SCHED_FIFO", sched_setscheduler(0, SCHED_FIFO, &p));
	tried("SCHED_RR", sched_setscheduler(0, SCHED_RR | 0x40000000, &p));
	struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t prio; uint64_t runtime, deadline, period; } a = {48, 6, 0, 0, 0, 1000000, 10000000, 10000000};
	try_one("SCHED_DEADLINE", syscall(SYS_sched_setattr, 0, &a, 0));
}
