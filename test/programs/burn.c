// burn MS: uses MS milliseconds of CPU time of its own, measured by
// getrusage(2) so that waiting for a core does not count, and exits 0.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static long used_us(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000L +
	       u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
	long want = (argc > 1 ? atol(argv[1]) : 300) * 1000L;
	volatile unsigned long x = 1;

	while (used_us() < want)
		for (int i = 0; i < 2000; i++)
			x = x * 6364136223846793005UL + 1;
	return 0;
}
