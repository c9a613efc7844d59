// Use more memory than the limit, by a deep stack.
//
// Proof: jail --memory 1G --stack 256M
// Flags: --memory 64M --stack 256M

#include "../attack.h"

static char *deep(int n) {
	volatile char frame[1 << 16];
	memset((char *)frame, n, sizeof frame);
	if (n > 0)
		return deep(n - 1) + frame[n & 0xfff];
	return NULL;
}

static void attack(void) {
	char *volatile got = deep(192 * 16);
	breached("192 MiB of stack are in use %p", got);
}
