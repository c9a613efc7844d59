// Learn how long the machine has run, which tells two runs on it to be on one.
//
// Proof: plain

#include "../attack.h"
#include <time.h>

static void attack(void) {
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	if (t.tv_sec >= told_number("uptime"))
		breached("it has run for %ld seconds", t.tv_sec);
	held("it seems to have run for %ld seconds", t.tv_sec);
}
