// forkbomb MAX: forks children that only wait, until the kernel refuses or MAX
// (at most 4096) live; prints the count and errno, ends its children, exits 0.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CAP = 4096 };

int main(int argc, char **argv)
{
	static pid_t pids[CAP];
	int max = argc > 1 ? atoi(argv[1]) : 1000, n = 0, err = 0;

	if (max > CAP)
		max = CAP;
	for (; n < max; n++) {
		pid_t pid = fork();
		if (pid < 0) {
			err = errno;
			break;
		}
		if (pid == 0)
			for (;;)
				pause();
		pids[n] = pid;
	}
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	while (wait(0) > 0)
		;
	printf("forked %d: %s\n", n, err ? strerror(err) : "no bound met");
	return 0;
}
