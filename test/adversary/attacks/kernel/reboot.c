// Restart the machine. The magic number is wrong, so where the attack is not held
// the kernel says EINVAL and goes on.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	if (syscall(SYS_reboot, 1, 2, 0, NULL) != 0 && errno == EINVAL)
		breached("reboot: only the magic number was missing");
	refused("reboot");
}
