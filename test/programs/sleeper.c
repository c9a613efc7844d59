// sleeper [SECONDS]: says "ready" and sleeps, by default without end.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	puts("ready");
	fflush(stdout);
	if (argc > 1) {
		sleep(atoi(argv[1]));
		return 0;
	}
	for (;;)
		pause();
}
