// Watch what the host does in a file system.
//
// Proof: plain

#include "../attack.h"
#include <sys/fanotify.h>

static void attack(void) {
	tried("fanotify_init", fanotify_init(FAN_CLASS_NOTIF, O_RDONLY));
	try_one("fanotify_init FAN_REPORT_FID", fanotify_init(FAN_CLASS_NOTIF | 0x200, O_RDONLY));
}
