// Use more memory than the limit, by the heap.
//
// Proof: jail --memory 1G
// Flags: --memory 64M

#include "../attack.h"

static void attack(void) {
	for (int i = 0; i < 192; i++) {
		char *p = malloc(1 << 20);
		if (!p)
			refused("malloc");
		fill(p, 1 << 20);
	}
	breached("192 MiB are in use");
}
