// disk DIR MIB: fills files in DIR with MIB mebibytes, prints how far it came
// and why it stopped; exits 0 when all was written, else 3. It never writes
// more than 64 GiB.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char block[1 << 20];
	const char *dir = argc > 1 ? argv[1] : "/box";
	long mib = argc > 2 ? atol(argv[2]) : 1024;
	char path[4096];
	int fd;

	if (mib > 65536)
		mib = 65536;
	snprintf(path, sizeof path, "%s/fill", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0) {
		printf("open %s: %s\n", path, strerror(errno));
		return 4;
	}
	memset(block, 'd', sizeof block);
	for (long i = 0; i < mib; i++) {
		ssize_t n = write(fd, block, sizeof block);
		if (n < (ssize_t)sizeof block) {
			n = n < 0 ? n : write(fd, block, sizeof block);
			printf("stopped after %ld MiB: %s\n", i,
			       n < 0 ? strerror(errno) : "short write");
			return 3;
		}
	}
	printf("wrote %ld MiB\n", mib);
	return 0;
}
