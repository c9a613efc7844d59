// Read the memory and the environment of the parent.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *files[] = {"environ", "mem", "maps", "fd", "auxv"};
	for (int i = 0; i < 5; i++) {
		char path[64];
		snprintf(path, sizeof path, "/proc/%d/%s", getppid(), files[i]);
		int fd = open(path, O_RDONLY);
		char c;
		if (fd >= 0 && (i == 1 || i == 3 || read(fd, &c, 1) > 0))
			breached("%s is open", path);
	}
	refused("open of each");
}
