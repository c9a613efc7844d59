// Hold memory that nobody else can look into, and that is never swapped.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	try_one("memfd_secret", syscall(447, 0));
}
