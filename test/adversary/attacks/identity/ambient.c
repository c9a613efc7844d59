// Raise a capability in the ambient set, which survives execve.
//
// Proof: own

#include "../attack.h"
#include <linux/capability.h>

static void attack(void) {
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2];
	if (syscall(SYS_capget, &h, d) == 0) {
		d[0].inheritable = d[0].permitted;
		d[1].inheritable = d[1].permitted;
		syscall(SYS_capset, &h, d);
	}
	try_one("PR_CAP_AMBIENT_RAISE", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
}
