// Use more memory than the limit, a part in each of many processes.
//
// Proof: jail --memory 1G
// Flags: --memory 64M

#include "../attack.h"

static void attack(void) {
	int alive[2];
	if (pipe(alive) != 0)
		refused("pipe");
	for (int i = 0; i < 12; i++)
		if (fork() == 0) {
			char *p = malloc(16 << 20);
			fill(p, 16 << 20);
			if (write(alive[1], "x", 1) == 1)
				pause();
			_exit(0);
		}
	close(alive[1]);
	char c;
	for (int i = 0; i < 12; i++)
		if (read(alive[0], &c, 1) != 1)
			held("one of them died");
	usleep(500000); // where memory is sampled, a look comes in this time
	breached("12 processes hold 16 MiB each");
}
