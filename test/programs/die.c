// die SIGNAL: ends itself by that signal number; exits 3 if it survives.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int sig = argc > 1 ? atoi(argv[1]) : SIGKILL;
	sigset_t all;

	signal(sig, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, 0);
	kill(getpid(), sig);
	return 3;
}
