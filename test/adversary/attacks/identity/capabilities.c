// Use a capability.
//
// Proof: own

#include "../attack.h"
#include <linux/capability.h>

static void attack(void) {
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {0};
	if (syscall(SYS_capget, &h, d) == 0 && (d[0].effective | d[0].permitted | d[0].inheritable | d[1].effective | d[1].permitted | d[1].inheritable))
		breached("effective %x%08x, permitted %x%08x", d[1].effective, d[0].effective, d[1].permitted, d[0].permitted);
	memset(d, 0xff, sizeof d);
	try_one("capset", syscall(SYS_capset, &h, d));
}
