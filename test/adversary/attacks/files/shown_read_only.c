// Write to a file that was shown read-only.
//
// Proof: plain
// Flags: --ro {open}

#include "../attack.h"

static void attack(void) {
	tried("open for writing", open(told("open"), O_WRONLY));
	tried("truncate", truncate(told("open"), 5));
	char path[64];
	int fd = open(told("open"), O_RDONLY);
	if (fd < 0)
		breached("it is not there, and nothing is proved");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	tried("open of its descriptor", open(path, O_WRONLY));
	refused("open, truncate");
}
