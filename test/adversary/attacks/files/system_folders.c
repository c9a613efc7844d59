// Make a file in a folder of the system's.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *names[] = {"/usr", "/usr/bin", "/usr/lib", "/etc", "/bin", "/lib", "/", "/usr/local/bin"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		tried(names[i], open(names[i], O_TMPFILE | O_WRONLY, 0600));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64];
		snprintf(path, sizeof path, "%s/jail-adversary", names[i]);
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (fd >= 0) {
			unlink(path);
			breached("%s was made", path);
		}
	}
	refused("O_TMPFILE and O_CREAT in each");
}
