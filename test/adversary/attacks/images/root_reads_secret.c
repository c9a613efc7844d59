// Read the host's secrets through a link that root inside has made.
//
// Proof: plain
// Flags: --image {image} --user root
// Users: root

#include "../attack.h"

static void attack(void) {
	unlink("/tmp/jail-adversary-door");
	if (symlink(told("secret"), "/tmp/jail-adversary-door"))
		held("symlink: %s", strerror(errno));
	int read = contains("/tmp/jail-adversary-door", told("marker"));
	unlink("/tmp/jail-adversary-door");
	if (read)
		breached("the host's secret was read");
}
