// memory MIB: touches MIB mebibytes, page by page; prints how far it came and
// exits 0, or 3 when the kernel refuses the mapping.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	long mib = argc > 1 ? atol(argv[1]) : 4096;

	for (long i = 0; i < mib; i++) {
		char *p = mmap(0, 1 << 20, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED) {
			printf("refused after %ld MiB\n", i);
			return 3;
		}
		for (long k = 0; k < 1 << 20; k += 4096)
			p[k] = 1;
	}
	printf("touched %ld MiB\n", mib);
	return 0;
}
