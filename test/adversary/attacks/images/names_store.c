// Learn where the store is from the list of mounts.
//
// Proof: jail --ro {layer}
// Flags: --image {image} --state mine

#include "../attack.h"

static void attack(void) {
	static const char *const lists[] = {"/proc/self/mountinfo", "/proc/self/mounts", "/proc/1/mountinfo", "/proc/self/mountstats"};
	for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++)
		if (contains(lists[i], told("store")))
			breached("%s names the store", lists[i]);
}
