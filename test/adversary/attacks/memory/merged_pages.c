// Have pages merged with those of others that are equal, and learn from the time
// of a write which they are.
//
// Proof: plain

#include "../attack.h"

static void attack(void) {
	char *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	tried("MADV_MERGEABLE", madvise(p, 1 << 16, MADV_MERGEABLE));
	try_one("PR_SET_MEMORY_MERGE", prctl(67, 1, 0, 0, 0));
}
