// Stay longer than the limit, without using any CPU time.
//
// Proof: jail --wall 10s
// Flags: --wall 300ms

#include "../attack.h"

static void attack(void) {
	sleep(1);
	breached("a second has gone");
}
