// Start more processes than the limit.
//
// Proof: jail --pids 100
// Flags: --pids 16

#include "../attack.h"

static void attack(void) {
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			pause();
			_exit(0);
		}
		if (pid < 0)
			refused("fork");
	}
	breached("40 processes are alive");
}
