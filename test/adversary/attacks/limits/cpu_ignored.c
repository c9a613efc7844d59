// Go on by ignoring every signal, that of the CPU limit among them.
//
// Proof: jail --cpu 10s
// Flags: --cpu 300ms

#include "../attack.h"
#include <time.h>

static void attack(void) {
	for (int n = 1; n < 65; n++)
		signal(n, SIG_IGN);
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	while (clock() < CLOCKS_PER_SEC)
		;
	breached("one second of CPU time was used");
}
