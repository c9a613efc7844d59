// Know addresses in advance: the caller has turned their randomisation off.
//
// Proof: plain
// Caller: setarch -R

#include "../attack.h"

static void attack(void) {
	void *here = __builtin_frame_address(0);
	if (attack_argc > 1 && !strncmp(attack_argv[1], "was=", 4)) {
		if (labs(strtol(told("was"), NULL, 16) - (long)here) < 8192)
			breached("the stack is at %p again", here);
		held("the stack is elsewhere");
	}
	char was[64];
	snprintf(was, sizeof was, "was=%lx", (long)here);
	char *argv[] = {attack_argv[0], was, NULL};
	execv("/proc/self/exe", argv);
	refused("execve");
}
