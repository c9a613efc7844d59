// Read what the whole machine does: its load, memory, interrupts, disks.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	static const char *files[] = {"/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/interrupts", "/proc/diskstats", "/proc/vmstat", "/proc/pressure/cpu"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		tried(files[i], open(files[i], O_RDONLY));
	refused("open of each");
}
