// Put a segment of one's own into the local descriptor table, an old source of
// kernel bugs.
//
// Proof: plain

#include "../attack.h"
#include <asm/ldt.h>

static void attack(void) {
	struct user_desc d = {.entry_number = 0, .base_addr = 0, .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1};
	try_one("modify_ldt", syscall(SYS_modify_ldt, 1, &d, sizeof d));
}
