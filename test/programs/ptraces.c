// ptraces N: calls ptrace(2) N times; prints how many were let, and exits 7.
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long let = 0;

	for (long n = argc > 1 ? atol(argv[1]) : 1; n > 0; n--)
		let += syscall(SYS_ptrace, 16, 1, 0, 0) == 0;
	printf("%ld\n", let);
	return 7;
}
