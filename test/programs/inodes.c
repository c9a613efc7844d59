// inodes DIR N: makes N empty files in DIR, prints how far it came and why it
// stopped; exits 0 when all were made, else 3.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "/box";
	long n = argc > 2 ? atol(argv[2]) : 100000;
	char path[4096];

	for (long i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/f%ld", dir, i);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0) {
			printf("stopped after %ld files: %s\n", i, strerror(errno));
			return 3;
		}
		close(fd);
	}
	printf("made %ld files\n", n);
	return 0;
}
