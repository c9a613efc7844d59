// Use more CPU time than the limit, a little in each of many processes, which
// no limit of a process counts.
//
// Proof: jail --cpu 10s
// Flags: --cpu 300ms

#include "../attack.h"
#include <time.h>

static void attack(void) {
	for (int i = 0; i < 20; i++)
		if (fork() == 0) {
			while (clock() < CLOCKS_PER_SEC / 20)
				;
			_exit(0);
		} else
			wait(NULL);
	breached("one second of CPU time was used");
}
