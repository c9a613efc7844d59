// Read how the kernel was started and built, and what drivers it has.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	static const char *files[] = {"/proc/cmdline", "/proc/modules", "/proc/config.gz", "/proc/version", "/proc/devices", "/proc/partitions", "/proc/iomem"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		tried(files[i], open(files[i], O_RDONLY));
	refused("open of each");
}
