// Take a descriptor out of another process.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	int fd = syscall(SYS_pidfd_open, child, 0);
	long got = syscall(SYS_pidfd_getfd, fd, 0, 0);
	int why = errno;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	errno = why;
	try_one("pidfd_getfd", got);
}
