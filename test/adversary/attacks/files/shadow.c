// Read the hashes of the host's passwords, by any of its names.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	static const char *names[] = {"/etc/shadow", "/etc/shadow-", "/proc/1/root/etc/shadow", "/proc/self/root/etc/shadow", "/etc/../etc/shadow", "/etc/gshadow"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		tried(names[i], open(names[i], O_RDONLY));
	refused("open of each");
}
