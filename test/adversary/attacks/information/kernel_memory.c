// Read the kernel's memory.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	tried("/proc/kcore", open("/proc/kcore", O_RDONLY));
	tried("/dev/mem", open("/dev/mem", O_RDONLY));
	if (errno == ENOENT && outside_of_jails())
		absent("/proc/kcore, /dev/mem");
	refused("open of each");
}
