// Trace pid 1 of the jail as root inside.
//
// Proof: own
// Flags: --image {image} --user root
// Users: root

#include "../attack.h"
#include <sys/ptrace.h>

static void attack(void) {
	pid_t child = fork();
	if (child == 0) {
		long got = ptrace(PTRACE_SEIZE, 1, 0, 0);
		_exit(got == -1 ? errno : 0);
	}
	int status;
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		held("fork or wait: %s", strerror(errno));
	if (WEXITSTATUS(status) == 0)
		breached("pid 1 was traced");
	held("ptrace: %s", strerror(WEXITSTATUS(status)));
}
