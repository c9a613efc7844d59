// Make a system call by the 32-bit gate, whose numbers mean other calls.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	long pid;
	__asm__ volatile("int $0x80" : "=a"(pid) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	if (pid == getpid())
		breached("int 0x80: getpid answered");
	held("int 0x80: %s", strerror(-pid));
}
