// Give a file capabilities, and gain them by executing it.
//
// Proof: own

#include "../attack.h"
#include <linux/capability.h>
#include <sys/xattr.h>

static void attack(void) {
	char path[] = "/tmp/jail-adversary-XXXXXX";
	int fd = mkstemp(path);
	struct vfs_cap_data d = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, .data = {{0xffffffff, 0}, {0xff, 0}}};
	int ok = fsetxattr(fd, "security.capability", &d, sizeof d, 0);
	int why = errno;
	unlink(path);
	errno = why;
	try_one("setxattr security.capability", ok);
}
