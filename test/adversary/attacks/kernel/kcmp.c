// Compare kernel pointers of processes, to learn what they share.
//
// Proof: plain

#include "../attack.h"
#include <linux/kcmp.h>

static void attack(void) {
	try_one("kcmp", syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILES, 0, 0));
}
