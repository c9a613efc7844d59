// Change the root file system by pivot_root or chroot.
//
// Proof: own

#include "../attack.h"

static void attack(void) {
	tried("chroot", chroot("/tmp"));
	try_one("pivot_root", syscall(SYS_pivot_root, ".", "."));
}
