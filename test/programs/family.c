// family FAMILY TYPE PROTOCOL: opens that socket; prints "open" and exits 0,
// or the error and exits 3.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int number(int argc, char **argv, int i)
{
	return argc > i ? atoi(argv[i]) : 0;
}

int main(int argc, char **argv)
{
	int fd = socket(number(argc, argv, 1), number(argc, argv, 2), number(argc, argv, 3));

	puts(fd < 0 ? strerror(errno) : "open");
	return fd < 0 ? 3 : 0;
}
