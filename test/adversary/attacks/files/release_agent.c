// Mount a control group's hierarchy and set its release agent, a program that the
// host runs as root (CVE-2022-0492).
//
// Proof: own

#include "../attack.h"
#include <sys/mount.h>

static void attack(void) {
	mkdir("/tmp/jail-adversary-cg", 0700);
	int ok = mount("cgroup", "/tmp/jail-adversary-cg", "cgroup2", 0, NULL);
	if (ok != 0)
		ok = mount("cgroup", "/tmp/jail-adversary-cg", "cgroup", 0, "pids");
	int why = errno;
	umount2("/tmp/jail-adversary-cg", MNT_DETACH);
	rmdir("/tmp/jail-adversary-cg");
	errno = why;
	try_one("mount of a control group's hierarchy", ok);
}
