// Use more memory than the limit, by anonymous shared memory, which no limit of a
// process counts.
//
// Proof: jail --memory 1G
// Flags: --memory 64M

#include "../attack.h"

static void attack(void) {
	char *p = mmap(NULL, 192 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		refused("mmap");
	fill(p, 192 << 20);
	usleep(500000); // where memory is sampled, a look comes in this time
	breached("192 MiB are in use");
}
