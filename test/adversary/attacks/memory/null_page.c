// Map the lowest page, to which the kernel's null pointers lead.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == NULL)
		breached("page 0 is mapped");
	refused("mmap");
}
