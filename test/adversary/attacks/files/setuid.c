// Run a set-user-id program of root's.
//
// Proof: plain
// Flags: --ro {setid}
// Users: ordinary

#include "../attack.h"

static void attack(void) {
	if (geteuid() == 0 && getuid() != 0)
		breached("it runs as root");
	if (strcmp(attack_argv[0], told("setid"))) {
		attack_argv[0] = (char *)told("setid");
		execv(attack_argv[0], attack_argv);
		refused("execve");
	}
	held("it runs as uid %d", geteuid());
}
