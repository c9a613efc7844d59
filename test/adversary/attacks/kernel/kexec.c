// Have another kernel loaded. The number of segments is one that no kernel
// takes, so where the attack is not held it says EINVAL.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	if (syscall(SYS_kexec_load, 0, 1000, NULL, 0) != 0 && errno == EINVAL)
		breached("kexec_load: the kernel has looked at the segments");
	if (syscall(SYS_kexec_file_load, -1, -1, 0, "", 0) != 0 && errno == EBADF)
		breached("kexec_file_load: the kernel has looked for the file");
	refused("kexec_load, kexec_file_load");
}
