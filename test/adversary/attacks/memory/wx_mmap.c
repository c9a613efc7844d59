// Map memory that can be written and executed, under the profile that denies it.
//
// Proof: jail
// Flags: --profile wx-deny

#include "../attack.h"

static void attack(void) {
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		breached("mmap");
	refused("mmap");
}
