// Find a secret in the environment that the caller was started with.
//
// Proof: plain

#include "../attack.h"

extern char **environ;

static void attack(void) {
	for (char **e = environ; *e; e++)
		if (strstr(*e, told("marker")))
			breached("it is in the environment");
	if (contains("/proc/1/environ", told("marker")) || contains("/proc/self/environ", told("marker")))
		breached("it is in /proc");
	held("it is in none");
}
