// Have one's disk accesses done before everybody else's.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	try_one("ioprio_set real-time", syscall(SYS_ioprio_set, 1, 0, 1 << 13));
}
