// Trace the process that holds the jail.
//
// Proof: plain
// Users: root

#include "../attack.h"
#include <sys/ptrace.h>

static void attack(void) {
	long pid = told_number("pid");
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
		breached("PTRACE_SEIZE of a process outside");
	}
	try_one("PTRACE_SEIZE of pid 1", ptrace(PTRACE_SEIZE, 1, NULL, NULL));
}
