// Learn the host's name.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	char name[256] = "";
	gethostname(name, sizeof name - 1);
	if (!strcmp(name, told("hostname")))
		breached("it is %s", name);
	held("it seems to be %s", name);
}
