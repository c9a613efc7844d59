// flood [stdout|stderr] [MIB]: writes MIB mebibytes (default: without end).
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char block[1 << 16];
	int fd = argc > 1 && !strcmp(argv[1], "stderr") ? 2 : 1;
	long left = argc > 2 ? atol(argv[2]) * (1 << 20) : -1;

	memset(block, 'x', sizeof block);
	block[sizeof block - 1] = '\n';
	while (left != 0) {
		ssize_t n = write(fd, block, sizeof block);
		if (n < 0)
			return 3;
		if (left > 0)
			left = left > n ? left - n : 0;
	}
	return 0;
}
