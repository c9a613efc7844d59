// Mount by the newer calls, which older filters don't know.
//
// Proof: own

#include "../attack.h"

static void attack(void) {
	int fs = syscall(SYS_fsopen, "tmpfs", 0);
	if (fs >= 0 && syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0) == 0)
		tried("fsmount", syscall(SYS_fsmount, fs, 0, 0));
	int tree = syscall(SYS_open_tree, AT_FDCWD, "/usr", 1);
	if (tree >= 0)
		tried("move_mount", syscall(SYS_move_mount, tree, "", AT_FDCWD, "/tmp", 4));
	refused("fsopen and open_tree");
}
