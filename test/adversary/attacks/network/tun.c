// Make a network interface of one's own.
//
// Proof: plain
// Users: root

#include "../attack.h"

static void attack(void) {
	try_one("/dev/net/tun", open("/dev/net/tun", O_RDWR));
}
