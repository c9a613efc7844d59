// Speak to the machine's devices by their I/O ports.
//
// Proof: plain
// Users: root

#include "../attack.h"
#include <sys/io.h>

static void attack(void) {
	tried("iopl", iopl(3));
	try_one("ioperm", ioperm(0x80, 1, 1));
}
