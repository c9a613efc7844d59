// Make a read-only mount writable again.
//
// Proof: own

#include "../attack.h"
#include <sys/mount.h>

static void attack(void) {
	tried("remount /usr", mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
	tried("remount /", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
	struct { uint64_t set, clr, prop, ns; } attr = {.clr = 1};
	try_one("mount_setattr", syscall(SYS_mount_setattr, AT_FDCWD, "/", 0x8000, &attr, sizeof attr));
}
