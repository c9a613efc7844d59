// List the home folders of the host's users.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *names[] = {"/root", "/home"};
	for (size_t i = 0; i < 2; i++) {
		DIR *d = opendir(names[i]);
		for (struct dirent *e; d && (e = readdir(d));)
			if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
				breached("%s holds %s", names[i], e->d_name);
	}
	held("they are absent or empty");
}
