// Write more output than the limit.
//
// Proof: jail --output 64M
// Flags: --output 1M

#include "../attack.h"

static void attack(void) {
	static char block[1 << 16];
	memset(block, '.', sizeof block);
	for (int i = 0; i < 64; i++)
		if (write(i % 2 + 1, block, sizeof block) < 0)
			refused("write");
	breached("4 MiB were written");
}
