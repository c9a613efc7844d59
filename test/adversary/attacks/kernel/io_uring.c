// Set up an io_uring, by which calls are made past the filter.
//
// Proof: plain

#include "../attack.h"
#include <linux/io_uring.h>

static void attack(void) {
	struct io_uring_params p = {0};
	try_one("io_uring_setup", syscall(SYS_io_uring_setup, 4, &p));
}
