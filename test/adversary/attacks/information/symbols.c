// Read the addresses of the kernel's functions.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	FILE *f = fopen("/proc/kallsyms", "r");
	unsigned long at = 0;
	if (f && fscanf(f, "%lx", &at) == 1 && at == 0)
		for (int i = 0; i < 1000 && at == 0; i++)
			if (fscanf(f, " %*[^\n] %lx", &at) != 1)
				break;
	if (at != 0)
		breached("a function is at %lx", at);
	refused("/proc/kallsyms");
}
