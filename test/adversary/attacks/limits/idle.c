// Stay without doing anything, longer than the limit.
//
// Proof: jail --idle 10s
// Flags: --idle 500ms

#include "../attack.h"

static void attack(void) {
	char c;
	struct timeval t = {.tv_sec = 2};
	select(0, NULL, NULL, NULL, &t);
	(void)c;
	breached("two seconds have gone");
}
