// Read the kernel's log, in which addresses and the host's affairs stand.
//
// Proof: plain
// Users: root

#include "../attack.h"
#include <sys/klog.h>

static void attack(void) {
	char buf[4096];
	tried("syslog", klogctl(3, buf, sizeof buf));
	try_one("/dev/kmsg", open("/dev/kmsg", O_RDONLY | O_NONBLOCK));
}
