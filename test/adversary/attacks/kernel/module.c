// Have the kernel look at a module. It is none, so where the attack is not held
// the kernel says so (ENOEXEC).
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	char image[64] = "not a module";
	if (syscall(SYS_init_module, image, sizeof image, "") != 0 && errno == ENOEXEC)
		breached("init_module: the kernel has read the image");
	int fd = open("/proc/self/exe", O_RDONLY);
	if (fd >= 0 && syscall(SYS_finit_module, fd, "", 0) != 0 && errno == ENOEXEC)
		breached("finit_module: the kernel has read the image");
	refused("init_module, finit_module");
}
