// Write code and make it executable afterwards, under the profile that denies it.
//
// Proof: jail
// Flags: --profile wx-deny

#include "../attack.h"

static void attack(void) {
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p[0] = (char)0xc3;
	tried("mprotect", mprotect(p, 4096, PROT_READ | PROT_EXEC));
	try_one("pkey_mprotect", syscall(SYS_pkey_mprotect, p, 4096, PROT_READ | PROT_EXEC, -1));
}
