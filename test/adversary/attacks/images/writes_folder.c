// Write to a folder of the caller's that was shown to be changed in a copy.
//
// Proof: plain
// Flags: --cow {rw}
// After: written

#include "../attack.h"

static void attack(void) {
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/written", told("rw"));
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	held("open: %s", fd < 0 ? strerror(errno) : "it worked, in the copy");
}
