// Trace a child.
//
// Proof: plain

#include "../attack.h"
#include <sys/ptrace.h>

static void attack(void) {
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	long got = ptrace(PTRACE_SEIZE, child, NULL, NULL);
	int why = errno;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	errno = why;
	try_one("ptrace PTRACE_SEIZE", got);
}
