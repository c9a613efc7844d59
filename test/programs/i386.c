// i386: asks for its pid through the 32-bit system call gate, int $0x80.
// Prints "let" and exits 0 when the answer is right, else prints it, exits 3.
#include <stdio.h>
#include <unistd.h>

enum { I386_GETPID = 20 };

int main(void)
{
	int got;

	__asm__ volatile("int $0x80" : "=a"(got) : "a"(I386_GETPID) : "memory", "r8", "r9", "r10", "r11");
	printf("i386 getpid: %s (%d)\n", got == getpid() ? "let" : "refused", got);
	return got == getpid() ? 0 : 3;
}
