// Open the file by which the machine is restarted at once.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	if (access("/proc/sysrq-trigger", F_OK) != 0 && outside_of_jails())
		absent("/proc/sysrq-trigger");
	try_one("/proc/sysrq-trigger", open("/proc/sysrq-trigger", O_WRONLY));
}
