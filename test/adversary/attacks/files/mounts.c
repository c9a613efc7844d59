// Learn from the list of mounts what the host is made of.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	static const char *files[] = {"/proc/self/mountinfo", "/proc/self/mounts", "/proc/self/mountstats"};
	for (int i = 0; i < 3; i++)
		if (contains(files[i], "/sys/fs/cgroup") || contains(files[i], " /boot ") || contains(files[i], "/dev/vda") || contains(files[i], "/dev/sd"))
			breached("%s names the host's mounts", files[i]);
	held("none of the host's mounts is named");
}
