// Gain a group by a set-group-id program of root's.
//
// Proof: plain
// Flags: --ro {setid}
// Users: ordinary

#include "../attack.h"

static void attack(void) {
	if (getegid() != getgid())
		breached("it runs in group %d", getegid());
	if (strcmp(attack_argv[0], told("setid"))) {
		attack_argv[0] = (char *)told("setid");
		execv(attack_argv[0], attack_argv);
		refused("execve");
	}
	held("it runs in group %d", getegid());
}
