// Handle page faults in user space, by which races in the kernel are won.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	tried("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC));
	try_one("userfaultfd UFFD_USER_MODE_ONLY", syscall(SYS_userfaultfd, O_CLOEXEC | 1));
}
