// Turn on swapping to a file, or accounting of processes into one. Neither file is
// there, which the kernel says only to who might have named another.
//
// Proof: plain
// Users: root

#include "../attack.h"
#include <sys/swap.h>

static void attack(void) {
	if (swapon("/tmp/no such file", 0) != 0 && errno == ENOENT)
		breached("swapon: the kernel has looked for the file");
	if (acct("/tmp/no such file") != 0 && errno == ENOENT)
		breached("acct: the kernel has looked for the file");
	refused("swapon, acct");
}
