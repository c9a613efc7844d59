// List the kernel's keys.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	tried("/proc/keys", open("/proc/keys", O_RDONLY));
	try_one("/proc/key-users", open("/proc/key-users", O_RDONLY));
}
