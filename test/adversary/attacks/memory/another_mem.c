// Write into the memory of a process outside.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%ld/mem", told_number("pid"));
	try_one(path, open(path, O_RDWR));
}
