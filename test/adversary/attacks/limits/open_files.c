// Open more files than the limit, and raise it first.
//
// Proof: jail --open-files 512
// Flags: --open-files 64

#include "../attack.h"

static void attack(void) {
	struct rlimit r = {400, 400};
	setrlimit(RLIMIT_NOFILE, &r);
	for (int i = 0; i < 200; i++)
		if (dup(0) < 0)
			refused("dup");
	breached("200 files are open");
}
