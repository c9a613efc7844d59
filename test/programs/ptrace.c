// ptrace: tries to trace a child of its own; prints the outcome, exits 0 when
// it was let, else 3.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	long r = ptrace(PTRACE_SEIZE, pid, 0, 0);
	int err = errno;

	kill(pid, SIGKILL);
	waitpid(pid, 0, 0);
	printf("ptrace: %s\n", r ? strerror(err) : "let");
	return r ? 3 : 0;
}
