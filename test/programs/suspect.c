// suspect NUMBER [ARGUMENT...]: makes one system call and prints its errno's
// number. An argument is a number, s:TEXT for a pointer to TEXT, or w:A,B for one
// to two words of 64 bits. It does so on a thread's stack of its own, as any
// program would; run it in a jail only.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t words[6][2];

static long value(char *text, uint64_t room[2])
{
	if (!strncmp(text, "s:", 2))
		return (long)(text + 2);
	if (!strncmp(text, "w:", 2)) {
		room[0] = strtoull(text + 2, &text, 0);
		room[1] = strtoull(text + 1, NULL, 0);
		return (long)room;
	}
	return (long)strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	long a[6] = {0};

	if (argc < 2 || argc > 8)
		return 2;
	for (int i = 2; i < argc; i++)
		a[i - 2] = value(argv[i], words[i - 2]);
	long r = syscall(strtol(argv[1], NULL, 0), a[0], a[1], a[2], a[3], a[4], a[5]);
	printf("%d\n", r < 0 ? errno : 0);
	return 0;
}
