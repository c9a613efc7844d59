// flip SHOWN HIDDEN: opens a path a few thousand times while a thread of its
// own rewrites it from SHOWN to HIDDEN and back; prints how often each was opened,
// told by its first byte: 'S' of HIDDEN, anything else of SHOWN.
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *volatile shown, *volatile hidden;
static char path[4096];
static volatile int done;

static void *rewrite(void *unused)
{
	while (!done) {
		memcpy(path, hidden, strlen(hidden) + 1);
		memcpy(path, shown, strlen(shown) + 1);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int got[2] = {0};

	if (argc != 3)
		return 2;
	shown = argv[1], hidden = argv[2];
	strcpy(path, shown);
	pthread_create(&t, NULL, rewrite, NULL);
	for (int i = 0; i < 2500; i++) {
		char c = 0;
		int fd = openat(AT_FDCWD, path, O_RDONLY);

		if (fd < 0)
			continue;
		if (read(fd, &c, 1) == 1)
			got[c == 'S']++;
		close(fd);
	}
	done = 1;
	pthread_join(t, NULL);
	printf("shown %d hidden %d\n", got[0] > 0, got[1] > 0);
	return 0;
}
