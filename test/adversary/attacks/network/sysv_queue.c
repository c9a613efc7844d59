// Find the host's System V message queue.
//
// Proof: plain

#include "../attack.h"
#include <sys/msg.h>

static void attack(void) {
	try_one("msgget", msgget(told_number("key"), 0));
}
