// Read what namespaces the parent is in.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", getppid());
	char link[64];
	try_one(path, readlink(path, link, sizeof link));
}
