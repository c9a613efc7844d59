// x32: asks for its pid by the x32 number of getpid. Prints the outcome and
// exits 0 when the answer is right, else 3 (kernels without x32: ENOSYS).
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { X32 = 0x40000000 };

int main(void)
{
	long got = syscall(X32 | SYS_getpid);
	int let = got == getpid();

	printf("x32 getpid: %s\n", let ? "let" : strerror(errno));
	return let ? 0 : 3;
}
