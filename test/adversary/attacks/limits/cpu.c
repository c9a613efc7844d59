// Use more CPU time than the limit.
//
// Proof: jail --cpu 10s
// Flags: --cpu 300ms

#include "../attack.h"
#include <time.h>

static void attack(void) {
	while (clock() < CLOCKS_PER_SEC)
		;
	breached("one second of CPU time was used");
}
