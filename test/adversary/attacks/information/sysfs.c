// List the machine's devices.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	DIR *d = opendir("/sys");
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			breached("/sys holds %s", e->d_name);
	held("/sys is absent or empty");
}
